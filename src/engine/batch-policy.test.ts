import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as make from '../../test/support/decisions.ts';
import type { PendingCommand } from '../domain/command.ts';
import { BatchPolicy } from './batch-policy.ts';
import { batchSize, defaultPatience, staleLimit } from './config.ts';

function commands(count: number): PendingCommand[] {
  return Array.from({ length: count }, (_, index) =>
    make.command('create', make.appointment(`a${index}`), { id: `c${index}` }),
  );
}

test('an overlap loads memory first, then the batch is halved until the culprit is alone', () => {
  const policy = new BatchPolicy();
  let batch = commands(9);
  assert.equal(policy.failed('overlap', batch, 0), 'reload');
  const sizes: number[] = [];
  while (policy.failed('overlap', batch, 0) === 'retry') {
    batch = batch.slice(0, policy.rules(0).limit);
    sizes.push(batch.length);
  }
  assert.deepEqual(sizes, [5, 3, 2, 1]);
  assert.deepEqual([...policy.rules(0).setAside], ['c0']);
});

test('what the database takes in no form is set aside without loading', () => {
  const policy = new BatchPolicy();
  assert.equal(policy.failed('refused', commands(1), 0), 'set-aside');
});

test('commits that found something changed are repeated as they are, but not for ever', () => {
  const policy = new BatchPolicy();
  const batch = commands(4);
  for (let times = 0; times < staleLimit; times += 1) {
    assert.equal(policy.failed('stale', batch, 0), 'retry');
    assert.equal(policy.rules(0).limit, batchSize);
  }
  assert.equal(policy.failed('stale', batch, 0), 'retry');
  assert.equal(policy.rules(0).limit, 2);
  policy.succeeded(batch);
  assert.equal(policy.failed('stale', commands(1), 0), 'retry');
});

test('successes grow the batch back to its full size', () => {
  const policy = new BatchPolicy();
  policy.failed('refused', commands(batchSize), 0);
  const limits = [1, 2, 3].map(() => {
    const { limit } = policy.rules(0);
    policy.succeeded([]);
    return limit;
  });
  assert.deepEqual(limits, [batchSize / 2, batchSize, batchSize]);
});

test('a command that keeps failing is tried alone, ever more rarely, after loading', () => {
  const policy = new BatchPolicy();
  const batch = commands(1);
  let nowMs = 0;
  const { firstMs, lastMs } = defaultPatience;
  for (const waitMs of [1, 2, 4].map((times) => times * firstMs)) {
    assert.equal(policy.failed('overlap', batch, nowMs), 'reload');
    assert.equal(policy.failed('overlap', batch, nowMs), 'set-aside');
    assert.ok(policy.rules(nowMs + waitMs - 1).setAside.has('c0'));
    nowMs += waitMs;
    assert.ok(!policy.rules(nowMs).setAside.has('c0'));
    assert.ok(policy.rules(nowMs).alone.has('c0'));
  }
  for (let times = 0; times < 20; times += 1) policy.failed('refused', batch, nowMs);
  assert.ok(policy.rules(nowMs + lastMs - 1).setAside.has('c0'));
  assert.ok(!policy.rules(nowMs + lastMs).setAside.has('c0'));
});

test('a command that was decided after all is one like any other', () => {
  const policy = new BatchPolicy();
  const batch = commands(1);
  policy.failed('refused', batch, 0);
  policy.succeeded(batch);
  assert.equal(policy.rules(0).alone.size, 0);
});

test('a command is given up after its last attempt, and again should that fail', () => {
  const policy = new BatchPolicy({ attempts: 3, firstMs: 10, lastMs: 40 });
  const [first, other] = commands(2).map((command) => [command]);
  const fail = (batch = first) => policy.failed('refused', batch ?? [], 0);
  assert.deepEqual(
    [fail(), fail(), fail(other), fail()],
    [...['set-aside', 'set-aside', 'set-aside'], 'give-up'],
  );
  assert.deepEqual([policy.attempts('c0'), policy.attempts('c1')], [3, 1]);
  assert.ok(policy.rules(39).setAside.has('c0'), 'should giving up fail, it waits');
  assert.equal(fail(), 'give-up');
  policy.succeeded(first ?? []);
  assert.equal(policy.attempts('c0'), 0);
});
