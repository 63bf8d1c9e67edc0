import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commitFailure, type CommitFailure } from './commit-failure.ts';

const byState: Record<string, CommitFailure> = {
  '57P01': 'unknown',
  '08006': 'unknown',
  XX000: 'unknown',
  '58030': 'unknown',
  '53100': 'unavailable',
  '25006': 'unavailable',
  SW001: 'closed',
  SW002: 'deposed',
  SW003: 'stale',
  '40P01': 'stale',
  '40001': 'stale',
  '23P01': 'overlap',
  '23514': 'refused',
  '22P05': 'refused',
};

test('only an answer of the server says that a commit did not happen', () => {
  for (const [code, expected] of Object.entries(byState)) {
    assert.equal(commitFailure(Object.assign(new Error(code), { code })), expected, code);
  }
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  assert.equal(commitFailure(reset), 'unknown');
  assert.equal(commitFailure(new Error('Connection terminated unexpectedly')), 'unknown');
});
