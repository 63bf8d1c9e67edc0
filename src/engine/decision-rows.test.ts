import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as make from '../../test/support/decisions.ts';
import * as region from '../../test/support/placement-region.ts';
import { decide } from './decide.ts';
import { decisionRows } from './decision-rows.ts';

const id = '01900000-0000-7000-8000-0000000000ff';

test('a booking becomes one row with its hold, its event and its saga', () => {
  const buffers = { bufferBeforeSeconds: 300, bufferAfterSeconds: 600 };
  const state = region.regionOf(region.resource('a', buffers));
  const command = make.command('create', make.appointment(id));
  const decided = decide(state, command, make.context({ position: 12, seed: 5 }));
  const { transitions, command: row } = decisionRows('default', decided);
  assert.deepEqual(
    { ...row },
    {
      command_id: command.id,
      state: 'applied',
      next_region: null,
      payload: null,
      problem: null,
      result: null,
      position: 12,
      seed: 5,
    },
  );
  const [step, ...more] = transitions;
  assert.equal(more.length, 0);
  const start = region.at('2026-06-01T09:00:00Z');
  assert.ok(step);
  const { version, from_state, to_state, busy_start_s, busy_end_s, shard, changes_hold } = step;
  assert.deepEqual([version, from_state, to_state, changes_hold], [2, 'INIT', 'SCHEDULED', true]);
  assert.deepEqual([busy_start_s, busy_end_s], [start - 300, start + 3_600 + 600]);
  assert.equal(shard, 0xff % 64);
  assert.equal(step.saga_kind, 'create');
  const event = JSON.parse(step.event) as { id: string; position: number; sequence: number };
  assert.deepEqual([event.id, event.position, event.sequence], [`${id}:2`, 12, 2]);
});

test('an action that frees the slot says so, one that keeps it does not touch it', () => {
  const state = region.regionOf(region.resource('a'));
  const slot = region.slotAt('2026-06-01T09:00:00Z', 60);
  const { appointmentId } = region.book(state, slot, { resourceId: 'a' });
  const about = make.appointment(appointmentId, { state: 'CONFIRMED', version: 3 });
  const changes = (['start', 'cancel'] as const).map((operation) => {
    const decided = decide(state, make.command(operation, about), make.context());
    const [step] = decisionRows('default', decided).transitions;
    return [step?.changes_hold, step?.lane_id, step?.saga_id];
  });
  assert.deepEqual(changes, [
    [false, null, null],
    [true, null, null],
  ]);
});

test('a refusal carries its problem and moves nothing', () => {
  const about = make.appointment(id, { state: 'CANCELLED', version: 2 });
  const decided = decide(region.regionOf(), make.command('cancel', about), make.context());
  const { transitions, command } = decisionRows('default', decided);
  assert.deepEqual(transitions, []);
  assert.equal(command.state, 'refused');
  assert.equal((command.problem as { code: string }).code, 'illegal-transition');
});
