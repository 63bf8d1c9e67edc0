import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** A rule names every offender as `path:line why`; an empty answer means the tree is tidy. */
export type Rule = (tree: SourceTree) => string[];

/** The texts of a project by path, read from disk or planted by a test. */
export class SourceTree {
  readonly files: SourceFile[];
  readonly #byPath: Map<string, SourceFile>;

  constructor(texts: Record<string, string>) {
    this.files = Object.entries(texts)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, text]) => new SourceFile(path, text));
    this.#byPath = new Map(this.files.map((file) => [file.path, file]));
  }

  file(path: string): SourceFile | undefined {
    return this.#byPath.get(path);
  }

  /** The TypeScript files below a folder. */
  scripts(folder: string): SourceFile[] {
    return this.files.filter(({ path }) => path.startsWith(`${folder}/`) && path.endsWith('.ts'));
  }
}

export class SourceFile {
  readonly path: string;
  readonly text: string;
  #syntax: ts.SourceFile | undefined;
  #nodes: ts.Node[] | undefined;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  get lines(): string[] {
    return this.text.replace(/\n$/, '').split('\n');
  }

  get isTest(): boolean {
    return this.path.endsWith('.test.ts') || this.path.startsWith('test/');
  }

  get syntax(): ts.SourceFile {
    this.#syntax ??= ts.createSourceFile(this.path, this.text, ts.ScriptTarget.ES2024, true);
    return this.#syntax;
  }

  /** Every node of the file in the order of the text. */
  get nodes(): ts.Node[] {
    if (this.#nodes === undefined) {
      const found: ts.Node[] = [];
      const visit = (node: ts.Node): void => {
        found.push(node);
        ts.forEachChild(node, visit);
      };
      visit(this.syntax);
      this.#nodes = found;
    }
    return this.#nodes;
  }

  offence(where: ts.Node | number, why: string): string {
    const line =
      typeof where === 'number'
        ? where
        : this.syntax.getLineAndCharacterOfPosition(where.getStart(this.syntax)).line + 1;
    return `${this.path}:${line} ${why}`;
  }
}

/** Reads what is committed or would be; a tree without git history is read whole. */
export function readTree(root: string): SourceTree {
  const texts: Record<string, string> = {};
  for (const path of listFiles(root)) {
    if (!existsSync(join(root, path))) continue;
    const text = readFileSync(join(root, path), 'utf8');
    if (!text.includes('\0')) texts[path] = text;
  }
  return new SourceTree(texts);
}

function listFiles(root: string): string[] {
  try {
    const arguments_ = ['-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
    const listed = execFileSync('git', arguments_, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 64 * 1024 * 1024,
    });
    return listed.split('\0').filter((path) => path !== '');
  } catch {
    return listFolder(root, '');
  }
}

const neverCommitted = new Set(['node_modules', '.git', '.slotwright']);

function listFolder(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (neverCommitted.has(entry.name) || entry.name.endsWith('.log')) return [];
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    return entry.isDirectory() ? listFolder(root, path) : [path];
  });
}
