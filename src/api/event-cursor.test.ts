import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventCursor } from './event-cursor.ts';

test('a cursor is read as it was written, whatever the positions', () => {
  const places = [0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 35 + 7, Number.MAX_SAFE_INTEGER];
  const positions = eventCursor.start().map((_, shard) => places[shard % places.length] ?? 0);
  const written = eventCursor.write(positions);
  assert.match(written, /^[A-Za-z0-9_-]+$/);
  assert.ok(written.length <= 1_024);
  assert.deepEqual(eventCursor.read(written), positions);
});

test('what the log has not given out is refused', () => {
  const good = eventCursor.write(eventCursor.start());
  const turned = `${good.slice(0, 9)}${good[9] === 'A' ? 'B' : 'A'}${good.slice(10)}`;
  for (const bad of ['', 'x', good.slice(0, -1), `${good}A`, `${good}=`, turned, '0']) {
    assert.throws(() => eventCursor.read(bad), { code: 'bad-cursor' }, bad);
  }
});
