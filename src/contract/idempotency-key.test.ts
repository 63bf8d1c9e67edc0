import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isIdempotencyKey, keyOfHeader } from './idempotency-key.ts';

test('UUIDs of version 4 are keys in either case', () => {
  assert.ok(isIdempotencyKey('3f2b8c1e-9a4d-4e6f-8b7a-1c2d3e4f5a6b'));
  assert.ok(isIdempotencyKey('3F2B8C1E-9A4D-4E6F-BB7A-1C2D3E4F5A6B'));
});

test('anything else in the form of a UUID is none', () => {
  for (const version of ['1', '3', '5', '6', '7', '8', '0']) {
    assert.ok(!isIdempotencyKey(`3f2b8c1e-9a4d-${version}e6f-8b7a-1c2d3e4f5a6b`), version);
  }
  assert.ok(!isIdempotencyKey('3f2b8c1e-9a4d-4e6f-7b7a-1c2d3e4f5a6b'));
  assert.ok(isIdempotencyKey('3f2b8c1e-9a4d-1e6f-8b7a-1c2d3e4f5a6bx'));
});

test('16 to 64 characters of base64 are a key, with up to two = at the end', () => {
  const padded = [`${'a'.repeat(22)}==`, `${'a'.repeat(64)}==`];
  for (const key of ['a'.repeat(16), 'Z9+/_-'.repeat(10), 'a'.repeat(64), ...padded]) {
    assert.ok(isIdempotencyKey(key), key);
  }
  const wrong = ['', 'a'.repeat(15), 'a'.repeat(65), `${'a'.repeat(20)}===`, `=${'a'.repeat(20)}`];
  for (const key of [...wrong, `${'a'.repeat(20)} `, `${'a'.repeat(20)}\n`, 'ä'.repeat(20)]) {
    assert.ok(!isIdempotencyKey(key), key);
  }
});

test('the header holds the key with or without quotes, and empty none', () => {
  assert.equal(keyOfHeader(undefined), undefined);
  assert.equal(keyOfHeader(' '), undefined);
  assert.equal(keyOfHeader('abc'), 'abc');
  assert.equal(keyOfHeader('"abc"'), 'abc');
  assert.equal(keyOfHeader('"abc'), '"abc');
});
