import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concurrently } from './concurrently.ts';

test('every item is worked on once, never more than the limit at a time', async () => {
  const items = Array.from({ length: 50 }, (_, index) => index);
  const seen: number[] = [];
  let running = 0;
  let most = 0;
  await concurrently({
    items,
    limit: 4,
    work: async (item) => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      seen.push(item);
      running -= 1;
    },
  });
  assert.deepEqual(seen, items);
  assert.equal(most, 4);
});

test('after a failure nothing new begins, and what runs is waited for', async () => {
  const begun: number[] = [];
  const done: number[] = [];
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    await Promise.resolve();
    if (item === 1) throw new Error('broken');
    await Promise.resolve();
    done.push(item);
  };
  await assert.rejects(concurrently({ items: [0, 1, 2, 3, 4, 5], limit: 2, work }), /broken/);
  assert.ok(begun.length < 6);
  assert.deepEqual([...done, 1].sort(), begun.sort());
});

test('no more of a stream is read than is worked on', async () => {
  let read = 0;
  let done = 0;
  async function* items(): AsyncGenerator<number> {
    for (; read < 20; read += 1) {
      assert.ok(read - done <= 3);
      yield await Promise.resolve(read);
    }
  }
  const work = (): Promise<void> => Promise.resolve(void (done += 1));
  await concurrently({ items: items(), limit: 3, work });
  assert.deepEqual([read, done], [20, 20]);
});
