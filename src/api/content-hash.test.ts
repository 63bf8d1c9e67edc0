import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson, contentHash } from './content-hash.ts';

test('the order of members does not change the hash, at any depth', () => {
  const one = contentHash({ a: 1, metadata: { x: [{ p: 1, q: 2 }], y: null } });
  const other = contentHash({ metadata: { y: null, x: [{ q: 2, p: 1 }] }, a: 1 });
  assert.equal(one, other);
});

test('the order of an array, a type and a missing member do change it', () => {
  const base = contentHash({ list: [1, 2], text: '1' });
  assert.notEqual(base, contentHash({ list: [2, 1], text: '1' }));
  assert.notEqual(base, contentHash({ list: [1, 2], text: 1 }));
  assert.notEqual(base, contentHash({ list: [1, 2] }));
});

test('what is written can be read back, names with quotes and __proto__ included', () => {
  const value = JSON.parse('{"b\\"":[true,null,1e21,"\\u2028"],"__proto__":{"a":0.1}}') as object;
  assert.deepEqual(JSON.parse(canonicalJson(value)), value);
});
