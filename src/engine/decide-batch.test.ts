import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as make from '../../test/support/decisions.ts';
import * as region from '../../test/support/placement-region.ts';
import type { PendingCommand } from '../domain/command.ts';
import { revert } from './decide.ts';
import { decideBatch, UndecidableCommand } from './decide-batch.ts';
import { place } from './placement/place.ts';
import { RegionState } from './placement/region-state.ts';

const needs = {
  region: 'default',
  contextOf: (index: number) => make.context({ position: index + 1 }),
};

// A region that is half full, and a batch of new bookings and of steps of those that are there.
const plans = fc.record({
  plan: region.anyRegion(),
  steps: fc.array(fc.constantFrom('cancel', 'complete', 'fail', 'start'), { maxLength: 20 }),
});

function batchOf(
  state: RegionState,
  { plan, steps }: { plan: region.RandomRegion; steps: PendingCommand['operation'][] },
): PendingCommand[] {
  const held = [...state.holds.keys()];
  const actions = steps.slice(0, held.length).map((operation, index) => {
    const about = make.appointment(held[index] ?? '', { state: 'IN_PROGRESS', version: 4 });
    return make.command(operation, about);
  });
  const creates = plan.requests.map(({ slot, serviceType, resourceId }, index) => {
    const wanted = { requestedResourceId: resourceId ?? null, serviceType, ...slot };
    return make.command('create', make.appointment(`new-${index}`, wanted));
  });
  return [...actions, ...creates];
}

test('a batch taken back leaves the region exactly as it was', () => {
  fc.assert(
    fc.property(plans, ({ plan, steps }) => {
      const state = new RegionState();
      region.load(state, plan);
      const half = { ...plan, requests: plan.requests.slice(0, plan.requests.length >> 1) };
      region.bookAll(state, half, (request) => place(state, request, 1));
      const before = make.holdsOf(state);
      const { decisions } = decideBatch(state, batchOf(state, { plan, steps }), needs);
      revert(state, decisions);
      assert.deepEqual(make.holdsOf(state), before);
    }),
    { numRuns: 200 },
  );
});

test('each command of a batch is decided on what the one before it left', () => {
  const state = region.regionOf(region.resource('a'));
  const batch = ['x', 'y'].map((id) => make.command('create', make.appointment(id)));
  const states = decideBatch(state, batch, needs).decisions.map((decided) => decided.state);
  assert.deepEqual(states, ['applied', 'refused']);
  assert.deepEqual([...state.holds.keys()], ['x']);
});

test('a command that cannot be decided is named, and memory is as before the batch', () => {
  const state = region.regionOf(region.resource('a', { capacity: 3 }));
  const slot = region.slotAt('2026-06-01T09:00:00Z', 60);
  const { appointmentId } = region.book(state, slot, { resourceId: 'a' });
  const good = make.command('create', make.appointment('x'));
  const poison = make.command('create', make.appointment(appointmentId));
  const before = make.holdsOf(state);
  assert.throws(
    () => decideBatch(state, [good, poison], needs),
    (error) => error instanceof UndecidableCommand && error.command === poison,
  );
  assert.deepEqual(make.holdsOf(state), before);
});
