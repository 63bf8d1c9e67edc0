import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkMetadata } from './check-metadata.ts';

const codes = (metadata: unknown): string[] =>
  checkMetadata(metadata, '/metadata').map(({ pointer, code }) => `${pointer} ${code}`);

test('8,192 bytes of compact UTF-8 pass and one more does not', () => {
  // {"k":"…"} has 8 bytes beside the text; é has two.
  assert.deepEqual(codes({ k: 'é'.repeat(4_092) }), []);
  assert.deepEqual(codes({ k: `${'é'.repeat(4_092)}x` }), ['/metadata metadata-too-large']);
});

test('NUL, lone surrogates, __proto__ and infinite numbers are found wherever they stand', () => {
  const text = '{"a":["\\u0000",{"b/c":"\\ud800"}],"d":{"__proto__":1},"e\\u0000":1,"f":1e999}';
  assert.deepEqual(codes(JSON.parse(text)), [
    '/metadata/a/0 nul-character',
    '/metadata/a/1/b~1c lone-surrogate',
    '/metadata/d/__proto__ forbidden-member',
    '/metadata/e\0 nul-character',
    '/metadata/f out-of-range',
  ]);
});

test('what is no object is left to the schema', () => {
  for (const value of [undefined, null, 1, 'x', ['\0']]) assert.deepEqual(codes(value), []);
});

test('a paired surrogate and an own member called constructor pass', () => {
  assert.deepEqual(codes({ constructor: '\u{1f600}', prototype: {} }), []);
});
