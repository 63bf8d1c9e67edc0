import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failpoints, unknownFailpoint } from './failpoints.ts';

const point = 'engine.after-decide-before-commit';

test('a point does what it is armed with at the hit that is named, and only then', async () => {
  const failpoints = new Failpoints(`${point}=error@2`);
  await failpoints.reach(point);
  await assert.rejects(failpoints.reach(point), { message: `failpoint ${point}` });
  await failpoints.reach(point);
  await failpoints.reach('relay.after-read');
});

test('a point within a statement is there for as long as something may happen at it', async () => {
  const failpoints = new Failpoints(`${point}=error@2`);
  assert.equal(failpoints.whenArmed('relay.partial-delete'), undefined);
  await failpoints.whenArmed(point)?.();
  await assert.rejects(async () => failpoints.whenArmed(point)?.());
  assert.equal(failpoints.whenArmed(point), undefined);
});

test('a name that is no crash point’s is found', () => {
  assert.equal(unknownFailpoint(`${point}=crash@3,relay.after-read=pause:50`), undefined);
  assert.equal(unknownFailpoint(''), undefined);
  assert.equal(unknownFailpoint(`${point}=crash,api.befor-commit=hang`), 'api.befor-commit');
});

test('what is no specification is refused', () => {
  assert.throws(() => new Failpoints(`${point}=explode`), /is not name=action\[:ms\]\[@hit\]/);
});
