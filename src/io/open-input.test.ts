import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openInput, type Input } from './open-input.ts';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slotwright-input-'));
});
after(() => rm(folder, { recursive: true }));

async function whole(input: Input): Promise<string> {
  let text = '';
  for await (const piece of input.read()) text += piece;
  return text;
}

// Longer than a piece, so that letters of several bytes are cut.
const long = 'aä€😀'.repeat(60_000);

test('a file is read as often as wanted, even once it has lost its name', async () => {
  const path = join(folder, 'file');
  await writeFile(path, long);
  const input = await openInput(path);
  await rm(path);
  try {
    assert.equal(input.sizeBytes, Buffer.byteLength(long));
    assert.equal(await whole(input), long);
    // A reading that is broken off does not close the file.
    for await (const piece of input.read()) if (piece !== '') break;
    assert.equal(await whole(input), long);
  } finally {
    await input.close();
  }
});

test('a pipe, which can be read once, is kept to be read twice', async () => {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const [input] = await Promise.all([openInput(path), writeFile(path, long)]);
  try {
    assert.equal(await whole(input), long);
    assert.equal(await whole(input), long);
  } finally {
    await input.close();
  }
});

test('text that is not UTF-8 is refused where it ends as well', async () => {
  for (const bytes of [Buffer.from([0x61, 0xff, 0x62]), Buffer.from('€').subarray(0, 2)]) {
    const path = join(folder, 'bytes');
    await writeFile(path, bytes);
    const input = await openInput(path);
    await assert.rejects(whole(input), { code: 'ERR_ENCODING_INVALID_ENCODED_DATA' });
    await input.close();
  }
});
