import { readFile } from 'node:fs/promises';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The text of a file, or of standard input for `-`. Throws a `TypeError` when it is not UTF-8. */
export async function inputText(path: string): Promise<string> {
  return decoder.decode(path === '-' ? await standardInput() : await readFile(path));
}

async function standardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
