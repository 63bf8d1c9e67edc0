import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etag, matchesNone, neverMatches, parseIfMatch } from './etag.ts';
import { Problem } from './problem.ts';

test('an entity tag is the version in quotes, and If-Match reads it back', () => {
  assert.equal(etag(7), '"7"');
  assert.equal(parseIfMatch(etag(7)), 7);
  assert.equal(parseIfMatch(' "2147483647" '), 2_147_483_647);
});

test('no header and * are no condition', () => {
  assert.equal(parseIfMatch(undefined), null);
  assert.equal(parseIfMatch('*'), null);
});

test('weak tags and tags that are no version of ours never match', () => {
  for (const tag of ['W/"7"', '"x"', '""', '"0"', '"07"', '"-1"', '"2147483648"', '"1.0"']) {
    assert.equal(parseIfMatch(tag), neverMatches, tag);
  }
});

test('what is not one entity tag is a malformed header', () => {
  for (const text of ['', '7', '"7', '7"', '"7" x', '"1", "2"', '**', 'w/"7"', '"a b"']) {
    assert.throws(
      () => parseIfMatch(text),
      (error) => error instanceof Problem && error.code === 'malformed-header',
      text,
    );
  }
});

test('If-None-Match takes a list and compares weakly', () => {
  assert.equal(matchesNone(undefined, 3), false);
  assert.equal(matchesNone('*', 3), true);
  assert.equal(matchesNone('"3"', 3), true);
  assert.equal(matchesNone('W/"3"', 3), true);
  assert.equal(matchesNone('"1", W/"2" ,"3"', 3), true);
  assert.equal(matchesNone('"1", "33"', 3), false);
  assert.equal(matchesNone('3', 3), false);
});
