import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../io/clock.ts';
import { Failpoints } from '../io/failpoints.ts';
import { createMetrics } from '../io/metrics.ts';
import { AcceptBatch } from './accept-batch.ts';

interface Row {
  command_id: string;
}

const metrics = createMetrics();
const limits = { acceptBatchRows: 4, acceptQueueRows: 6, acceptTimeoutMs: 60_000 };

function batchOf(
  insert: (epoch: number, rows: readonly Row[]) => Promise<Set<string>>,
  changes: { limits?: Partial<typeof limits>; refresh?: () => Promise<void> } = {},
): AcceptBatch<Row> {
  let epoch = 1;
  return new AcceptBatch<Row>({
    insert,
    epoch: {
      current: () => epoch,
      refresh: async () => {
        await changes.refresh?.();
        epoch += 1;
      },
    },
    clock: systemClock,
    metrics,
    failpoints: new Failpoints(),
    limits: { ...limits, ...changes.limits },
  });
}

const ids = (rows: readonly Row[]): string[] => rows.map((row) => row.command_id);
const rows = (count: number): Row[] =>
  Array.from({ length: count }, (_, index) => ({ command_id: `c${index}` }));
const failure = (code: string): Error =>
  Object.assign(new Error(code), { code, severity: 'ERROR' });

/** An insert that waits for its release. */
function gate() {
  const batches: string[][] = [];
  const releases: (() => void)[] = [];
  const insert = async (_epoch: number, given: readonly Row[]): Promise<Set<string>> => {
    batches.push(ids(given));
    await new Promise<void>((resolve) => releases.push(resolve));
    return new Set(ids(given));
  };
  const release = async (): Promise<void> => {
    releases.shift()?.();
    await new Promise(setImmediate);
  };
  return { batches, insert, release };
}

test('what arrives during a batch is the next one, in order, one in flight', async () => {
  const { batches, insert, release } = gate();
  const batch = batchOf(insert);
  const [first, ...others] = rows(6);
  const answers = [batch.submit(first as Row)];
  await new Promise(setImmediate);
  answers.push(...others.map((row) => batch.submit(row)));
  await new Promise(setImmediate);
  assert.deepEqual(batches, [['c0']]);
  await release();
  assert.deepEqual(batches, [['c0'], ['c1', 'c2', 'c3', 'c4']]);
  await release();
  await release();
  assert.deepEqual(batches.at(-1), ['c5']);
  assert.deepEqual(await Promise.all(answers), [true, true, true, true, true, true]);
});

test('a row that the statement leaves out is answered so', async () => {
  const batch = batchOf(() => Promise.resolve(new Set(['c1'])));
  const answers = await Promise.all(rows(3).map((row) => batch.submit(row)));
  assert.deepEqual(answers, [false, true, false]);
});

test('a full queue turns newcomers away, and takes them again once it has drained', async () => {
  const { insert, release } = gate();
  const batch = batchOf(insert);
  const running = batch.submit({ command_id: 'first' });
  await new Promise(setImmediate);
  const waiting = rows(6).map((row) => batch.submit(row));
  await assert.rejects(batch.submit({ command_id: 'late' }), { code: 'unavailable' });
  for (let batches = 0; batches < 3; batches += 1) await release();
  await Promise.all([running, ...waiting]);
  const again = batch.submit({ command_id: 'again' });
  await new Promise(setImmediate);
  await release();
  assert.equal(await again, true);
});

test('a bad row is answered by its error and the others of its batch go in', async () => {
  const batch = batchOf((_epoch, given) => {
    if (ids(given).includes('c1')) return Promise.reject(failure('22021'));
    return Promise.resolve(new Set(ids(given)));
  });
  const answers = await Promise.allSettled(rows(3).map((row) => batch.submit(row)));
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

test('a deadlock is tried again; a third one in a row reaches the clients', async () => {
  let left = 2;
  const attempt = (_epoch: number, given: readonly Row[]): Promise<Set<string>> => {
    left -= 1;
    return left < 0 ? Promise.resolve(new Set(ids(given))) : Promise.reject(failure('40P01'));
  };
  const batch = batchOf(attempt);
  assert.equal(await batch.submit({ command_id: 'a' }), true);
  left = 3;
  await assert.rejects(batch.submit({ command_id: 'b' }), { code: '40P01' });
});

test('an epoch that is over is read anew once; closed writes are unavailable', async () => {
  const epochs: number[] = [];
  const batch = batchOf((epoch, given) => {
    epochs.push(epoch);
    const closed = epoch === 1 || ids(given).includes('closed');
    return closed ? Promise.reject(failure('SW001')) : Promise.resolve(new Set(ids(given)));
  });
  assert.equal(await batch.submit({ command_id: 'a' }), true);
  assert.deepEqual(epochs, [1, 2]);
  await assert.rejects(batch.submit({ command_id: 'closed' }), { code: 'unavailable' });
  assert.deepEqual(epochs, [1, 2, 2, 3]);
});

test('a lost connection fails the whole batch, without a second try', async () => {
  let calls = 0;
  const batch = batchOf(() => {
    calls += 1;
    return Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNRESET' }));
  });
  const answers = await Promise.allSettled(rows(3).map((row) => batch.submit(row)));
  assert.ok(answers.every(({ status }) => status === 'rejected'));
  assert.equal(calls, 1);
});

test('a batch that hangs gives its clients up, and newcomers until it ends', async () => {
  const { insert, release } = gate();
  const batch = batchOf(insert, { limits: { acceptTimeoutMs: 200 } });
  await assert.rejects(batch.submit({ command_id: 'a' }), { code: 'unavailable' });
  await assert.rejects(batch.submit({ command_id: 'b' }), { code: 'unavailable' });
  await release();
  await batch.drained();
  const after = batch.submit({ command_id: 'c' });
  await new Promise(setImmediate);
  await release();
  assert.equal(await after, true);
});

test('a batch that never ends is followed by others in the end', async () => {
  let calls = 0;
  const insert = (_epoch: number, given: readonly Row[]): Promise<Set<string>> => {
    calls += 1;
    return calls === 1 ? new Promise<never>(() => undefined) : Promise.resolve(new Set(ids(given)));
  };
  const batch = batchOf(insert, { limits: { acceptTimeoutMs: 50 } });
  await assert.rejects(batch.submit({ command_id: 'a' }), { code: 'unavailable' });
  await batch.drained();
  assert.equal(await batch.submit({ command_id: 'b' }), true);
});
