import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { csvLine } from './csv-line.ts';
import { csvRows } from './input-rows.ts';

const columns = ['name', 'id'];

async function readBack(row: Record<string, string>): Promise<unknown> {
  async function* text(): AsyncGenerator<string> {
    yield await Promise.resolve(`${columns.join(',')}\n${csvLine(columns, row)}\n`);
  }
  for await (const { value } of csvRows(text())) return value;
  return undefined;
}

test('whatever a cell holds is read back as it was', async () => {
  const cell = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1 }),
    fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '"', ',', ';', 'a', '\ufeff', '\u00a0') }),
  );
  const property = fc.asyncProperty(cell, cell, async (name, id) => {
    const row = { name: name === '' ? 'x' : name, id: id === '' ? 'x' : id };
    assert.deepEqual(await readBack(row), row);
  });
  await fc.assert(property, { numRuns: 500 });
});

test('lists of words are separated by semicolons, structures are JSON, nothing is empty', () => {
  const row = { a: ['x', 'y'], b: [{ c: 1 }], d: null, e: false, f: 0, g: ' h' };
  assert.equal(csvLine(['a', 'b', 'd', 'e', 'f', 'g'], row), 'x;y,"[{""c"":1}]",,false,0," h"');
});
