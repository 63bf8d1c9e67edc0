import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as make from '../../test/support/decisions.ts';
import * as region from '../../test/support/placement-region.ts';
import { appointmentStates, isFinal, type AppointmentState } from '../domain/appointment-state.ts';
import type { PendingCommand } from '../domain/command.ts';
import { decideAction } from './decide-action.ts';
import type { DecidedCommand } from './decision.ts';
import type { RegionState } from './placement/region-state.ts';

type Step = 'cancel' | 'start' | 'complete' | 'fail';

function held(state: AppointmentState) {
  const memory = region.regionOf(region.resource('a'));
  const hold = region.book(memory, region.slotAt('2026-06-01T09:00:00Z', 60), { resourceId: 'a' });
  const id = hold.appointmentId;
  return { memory, hold, about: make.appointment(id, { state, version: 3, resourceId: 'a' }) };
}

function decide(memory: RegionState, operation: Step, command: PendingCommand): DecidedCommand {
  return decideAction(memory, { ...command, operation }, make.context());
}

const legal: Record<Step, [AppointmentState[], AppointmentState, string]> = {
  cancel: [['INIT', 'SCHEDULED', 'CONFIRMED', 'IN_PROGRESS'], 'CANCELLED', 'cancelled'],
  fail: [['INIT', 'SCHEDULED', 'CONFIRMED', 'IN_PROGRESS'], 'FAILED', 'failed'],
  start: [['CONFIRMED'], 'IN_PROGRESS', 'started'],
  complete: [['IN_PROGRESS'], 'COMPLETED', 'completed'],
};

for (const operation of ['cancel', 'fail', 'start', 'complete'] as const) {
  const [from, to, event] = legal[operation];
  test(`${operation} is applied where the table of states allows it and refused elsewhere`, () => {
    for (const state of appointmentStates) {
      const { memory, about } = held(state);
      const payload = { reason: 'because' };
      const decided = decide(memory, operation, make.command(operation, about, { payload }));
      if (!from.includes(state)) {
        assert.equal(decided.problem?.code, 'illegal-transition', state);
        assert.equal(decided.problem.state, state);
        assert.deepEqual(decided.transitions, []);
        continue;
      }
      const [step] = decided.transitions;
      assert.deepEqual([step?.after.state, step?.after.version, step?.event], [to, 4, event]);
      assert.equal(step?.after.reason, 'because');
    }
  });
}

test('the slot is freed by the step that ends the appointment, and only then', () => {
  const { memory, hold, about } = held('CONFIRMED');
  const [started] = decide(memory, 'start', make.command('start', about)).transitions;
  assert.equal(started?.hold, undefined);
  const [cancelled] = decide(memory, 'cancel', make.command('cancel', about)).transitions;
  assert.deepEqual(cancelled?.hold, { freed: hold });
  assert.ok(isFinal(cancelled.after.state));
});

test('a hold that is no longer in memory is freed in the database all the same', () => {
  const about = make.appointment('past', { state: 'IN_PROGRESS' });
  const [step] = decide(region.regionOf(), 'complete', make.command('complete', about)).transitions;
  assert.deepEqual(step?.hold, {});
});

test('an appointment that never had a slot frees none', () => {
  const [step] = decide(
    region.regionOf(),
    'cancel',
    make.command('cancel', make.appointment('x')),
  ).transitions;
  assert.equal(step?.hold, undefined);
});

test('a version that moved on since it was asked for is a conflict before anything else', () => {
  const { memory, about } = held('COMPLETED');
  const command = make.command('cancel', about, { ifMatch: 2 });
  const { problem, transitions } = decide(memory, 'cancel', command);
  assert.deepEqual([problem?.code, problem?.status], ['version-conflict', 409]);
  assert.deepEqual(transitions, []);
  const matching = make.command('cancel', { ...about, state: 'CONFIRMED' }, { ifMatch: 3 });
  assert.equal(decide(memory, 'cancel', matching).state, 'applied');
});

test('what only one resource may ask is not there for it once another has the appointment', () => {
  for (const operation of ['cancel', 'start', 'complete', 'fail'] as const) {
    const state = operation === 'complete' ? 'IN_PROGRESS' : 'CONFIRMED';
    const { memory, about } = held(state);
    const asked = (only_resource: string) =>
      decide(memory, operation, make.command(operation, about, { payload: { only_resource } }));
    assert.equal(asked('a').state, 'applied', operation);
    const { problem, transitions } = asked('b');
    assert.deepEqual([problem?.code, problem?.status, transitions], ['not-found', 404, []]);
  }
});
