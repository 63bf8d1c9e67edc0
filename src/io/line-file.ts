import { open } from 'node:fs/promises';

/** A file that grows line by line while its readers look on. */
export interface LineFile {
  add(line: string): Promise<void>;
  close(): Promise<void>;
}

/** Makes the file, or empties it. */
export async function openLineFile(path: string): Promise<LineFile> {
  await (await open(path, 'w')).close();
  // Appended in one write each, lines that are added at the same time never mix.
  const file = await open(path, 'a');
  return {
    add: (line) => file.appendFile(`${line}\n`),
    close: () => file.close(),
  };
}
