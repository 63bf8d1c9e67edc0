import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as make from '../../test/support/decisions.ts';
import * as region from '../../test/support/placement-region.ts';
import { decideUpdate } from './decide-update.ts';
import type { DecidedCommand } from './decision.ts';

const [nine, ten] = [9, 10].map((hour) =>
  region.slotAt(`2026-06-01T${String(hour).padStart(2, '0')}:00:00Z`, 60),
);

/** At nine it is on `a`, at ten somebody else is on `a`, and `b` is free. */
function rescheduled(payload: object): DecidedCommand {
  const memory = region.regionOf(region.resource('a'), region.resource('b'));
  const own = region.book(memory, nine!, { resourceId: 'a' });
  region.book(memory, ten!, { resourceId: 'a' });
  const about = make.appointment(own.appointmentId, {
    ...{ state: 'CONFIRMED' as const, resourceId: 'a', start: nine!.start, end: nine!.end },
  });
  const command = make.command('update', about, { payload: { slot: ten, ...payload } });
  return decideUpdate(memory, { ...command, operation: 'update' }, make.context());
}

test('a reschedule goes to another resource where its own has no room', () => {
  const [step] = rescheduled({}).transitions;
  assert.equal(step?.after.resourceId, 'b');
});

test('who works for one resource reschedules on it, and gives nothing to others', () => {
  const { problem, transitions } = rescheduled({ only_resource: 'a' });
  assert.deepEqual(transitions, []);
  assert.deepEqual([problem?.code, problem?.reason], ['slot-unavailable', 'no-room']);
  assert.deepEqual(
    problem?.conflicts?.map(({ resource_id: id }) => id),
    ['a'],
  );
});

test('it is not there for who works for another resource', () => {
  const { problem, transitions } = rescheduled({ only_resource: 'b' });
  assert.deepEqual([problem?.code, transitions], ['not-found', []]);
});
