import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as make from '../../test/support/decisions.ts';
import type { PendingCommand } from '../domain/command.ts';
import { nextBatch, type BatchRules } from './next-batch.ts';

const [a, b, c] = ['a', 'b', 'c'].map((id) => make.appointment(id));
const anything: BatchRules = { setAside: new Set(), alone: new Set(), limit: 128 };

function ids(pending: PendingCommand[], rules: Partial<BatchRules> = {}): string[] {
  return nextBatch(pending, { ...anything, ...rules }).batch.map(({ id }) => id);
}

const named = (id: string, operation: PendingCommand['operation'], about = a): PendingCommand =>
  make.command(operation, operation.startsWith('put-') ? null : (about ?? null), { id });

test('commands go in order of acceptance, one of each appointment', () => {
  const pending = [
    named('create a', 'create'),
    named('create b', 'create', b),
    named('cancel a', 'cancel'),
    named('create c', 'create', c),
  ];
  assert.deepEqual(ids(pending), ['create a', 'create b', 'create c']);
  assert.deepEqual(ids(pending, { limit: 2 }), ['create a', 'create b']);
  assert.deepEqual(ids(pending.slice(1)), ['create b', 'cancel a', 'create c']);
});

test('a change of the catalogue goes alone and nothing overtakes it', () => {
  const pending = [
    named('create a', 'create'),
    named('put', 'put-resource'),
    named('create b', 'create', b),
  ];
  assert.deepEqual(ids(pending), ['create a']);
  assert.deepEqual(ids(pending.slice(1)), ['put']);
});

test('commands wait behind one of their appointment that is set aside, others go on', () => {
  const pending = [
    named('create a', 'create'),
    named('cancel a', 'cancel'),
    named('create b', 'create', b),
  ];
  assert.deepEqual(ids(pending, { setAside: new Set(['create a']) }), ['create b']);
});

test('a change of the catalogue that is set aside holds nobody up', () => {
  const pending = [named('put', 'put-location'), named('create a', 'create')];
  assert.deepEqual(ids(pending, { setAside: new Set(['put']) }), ['create a']);
});

test('a command that failed once is decided alone, in its turn', () => {
  const pending = [
    named('create a', 'create'),
    named('create b', 'create', b),
    named('create c', 'create', c),
  ];
  const alone = new Set(['create b']);
  assert.deepEqual(ids(pending, { alone }), ['create a']);
  assert.deepEqual(ids(pending.slice(1), { alone }), ['create b']);
});

test('it is told whether looking further could find more', () => {
  const pending = [named('create a', 'create'), named('cancel a', 'cancel')];
  assert.equal(nextBatch(pending, anything).exhausted, true);
  assert.equal(nextBatch(pending, { ...anything, limit: 1 }).exhausted, false);
  const withPut = [...pending, named('put', 'put-location')];
  assert.equal(nextBatch(withPut, anything).exhausted, false);
});
