import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { allFaults } from './all-faults.ts';
import { editsOf } from './fault.ts';
import { planted } from './planted-copy.ts';

const text = (file: string): string =>
  readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

test('every fault still applies, and changes something', () => {
  for (const fault of allFaults) {
    const texts = new Map<string, string>();
    for (const edit of editsOf(fault)) {
      const before = texts.get(edit.file) ?? text(edit.file);
      const after = planted(before, edit);
      assert.notEqual(after, before, fault.name);
      texts.set(edit.file, after);
    }
  }
});

test('every fault names tests that there are', () => {
  for (const { name, tests, titles } of allFaults) {
    const found = tests.map(text).join('');
    for (const title of titles) assert.ok(found.includes(title), `${name}: no test "${title}"`);
  }
});

test('no two faults have one name', () => {
  assert.equal(new Set(allFaults.map(({ name }) => name)).size, allFaults.length);
});

test('a fault whose text is missing, or is there twice, no longer applies', () => {
  const edit = { file: 'a.ts', find: 'x = 1', replace: 'x = 2' };
  assert.equal(planted('let x = 1;', edit), 'let x = 2;');
  assert.throws(() => planted('let y = 1;', edit), /no longer applies: in a.ts this is not there/);
  assert.throws(() => planted('x = 1; x = 1;', edit), /is there 2 times/);
});
