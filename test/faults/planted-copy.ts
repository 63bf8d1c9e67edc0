import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { editsOf, type Edit, type Fault } from './fault.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const linked = ['node_modules', '.runtime'];
const left = ['.git', '.slotwright'];

/** The project as it is now, in a folder of its own: faults are planted there and nowhere else. */
export class PlantedCopy {
  readonly folder: string;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'slotwright-faults-'));
    for (const name of readdirSync(project)) {
      const [from, to] = [join(project, name), join(this.folder, name)];
      if (linked.includes(name)) symlinkSync(from, to);
      else if (!left.includes(name)) cpSync(from, to, { recursive: true });
    }
  }

  /** Plants the fault while `work` runs. */
  async with<T>(fault: Fault, work: () => Promise<T>): Promise<T> {
    const texts = new Map<string, string>();
    const read = (file: string): string => readFileSync(join(this.folder, file), 'utf8');
    const edits = editsOf(fault);
    for (const { file } of edits) texts.set(file, read(file));
    try {
      for (const edit of edits) this.#write(edit.file, planted(read(edit.file), edit));
      return await work();
    } finally {
      for (const [file, text] of texts) this.#write(file, text);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }
}

/** The text with the edit made; throws where it is not clear what is to be changed. */
export function planted(text: string, { file, find, replace }: Edit): string {
  const [before, after, ...more] = text.split(find);
  if (before === undefined || after === undefined || more.length > 0) {
    const times = after === undefined ? 'is not there' : `is there ${more.length + 1} times`;
    throw new Error(`the fault no longer applies: in ${file} this ${times}:\n${find}`);
  }
  return before + replace + after;
}
