import type { SourceTree } from './source-tree.ts';

/** A path below `src/`; `*` stands for anything within one segment. */
export interface Place {
  pattern: string;
  typesOnly: boolean;
}

export interface DirectionRow {
  folder: string;
  mayImport: Place[];
}

export interface OutsideRow {
  specifiers: string[];
  onlyIn: Place[];
}

/** The table `folder | may import` of ARCHITECTURE.md: the document is the configuration. */
export function directionTable(tree: SourceTree): DirectionRow[] {
  return rowsBelow(tree, 'folder').map(([folder = '', mayImport = '']) => ({
    folder: places(folder)[0]?.pattern ?? folder,
    mayImport: places(mayImport),
  }));
}

/** The table `package or module | only in` of ARCHITECTURE.md. */
export function outsideTable(tree: SourceTree): OutsideRow[] {
  return rowsBelow(tree, 'package or module').map(([specifiers = '', onlyIn = '']) => ({
    specifiers: places(specifiers).map(({ pattern }) => pattern),
    onlyIn: places(onlyIn),
  }));
}

/** Whether a place covers a path below `src/`. */
export function covers(pattern: string, path: string): boolean {
  if (/\*|\.ts$/.test(pattern)) return globbed(pattern).test(path);
  return path === `${pattern}.ts` || path.startsWith(`${pattern}/`);
}

export function globbed(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[.+^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]*')}$`);
}

function rowsBelow(tree: SourceTree, firstHeading: string): string[][] {
  const lines = tree.file('ARCHITECTURE.md')?.lines ?? [];
  const start = lines.findIndex((line) => line.startsWith('|') && cells(line)[0] === firstHeading);
  if (start < 0) throw new Error(`ARCHITECTURE.md has no table that opens with "${firstHeading}"`);
  const body = lines.slice(start + 2);
  const end = body.findIndex((line) => !line.startsWith('|'));
  return (end < 0 ? body : body.slice(0, end)).map(cells);
}

function cells(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function places(cell: string): Place[] {
  const found: Place[] = [];
  for (const [, pattern = '', types] of cell.matchAll(/`([^`]+)`( types)?/g)) {
    found.push({ pattern, typesOnly: types !== undefined });
  }
  return found;
}
