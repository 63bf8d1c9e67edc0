import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecentEntries } from './recent-entries.ts';

test('what is used again and again stays, however much comes and goes', () => {
  const entries = new RecentEntries<number>(10);
  entries.set('steady', 1);
  for (let count = 0; count < 1_000; count += 1) {
    entries.set(`passing ${count}`, count);
    assert.equal(entries.get('steady'), 1);
  }
  assert.equal(entries.get('passing 0'), undefined);
  assert.equal(entries.get('passing 999'), 999);
});

test('the half that was used last is there, and never more than the whole', () => {
  const uses = fc.array(fc.nat({ max: 30 }), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 16 }), uses, (maxSize, keys) => {
      const entries = new RecentEntries<string>(maxSize);
      for (const key of keys.map(String)) {
        if (entries.get(key) === undefined) entries.set(key, `value ${key}`);
      }
      const byUse = [...new Set(keys.toReversed())].map(String);
      // Asked in this order, the youngest are not pushed out by the asking.
      const present = byUse.filter((key) => entries.get(key) !== undefined);
      const half = Math.floor(maxSize / 2);
      assert.deepEqual(present.slice(0, half), byUse.slice(0, half));
      assert.ok(present.length <= maxSize);
    }),
  );
});
