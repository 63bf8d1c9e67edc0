import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import * as make from '../../../test/support/placement-region.ts';
import type { Resource } from '../../domain/catalogue.ts';
import { explain } from './eligibility.ts';
import { place } from './place.ts';
import type { RegionState } from './region-state.ts';

const morning = make.slotAt('2026-06-01T09:00:00Z', 60);
const request = { serviceType: 'consultation', slot: morning };
const SEED = 1;

function placedOn(state: RegionState, asked: Parameters<typeof place>[1] = request): string {
  const placement = place(state, asked, SEED);
  return placement.kind === 'placed' ? placement.resourceId : placement.reason;
}

test('a booking goes where the least time stays idle around it', () => {
  const state = make.regionOf(make.resource('a'), make.resource('b'), make.resource('c'));
  make.book(state, make.slotAt('2026-06-01T08:00:00Z', 60), { resourceId: 'b' });
  assert.equal(placedOn(state), 'b');
  make.book(state, make.slotAt('2026-06-01T08:30:00Z', 30), { resourceId: 'c' });
  make.book(state, make.slotAt('2026-06-01T10:00:00Z', 30), { resourceId: 'c' });
  assert.equal(placedOn(state), 'c');
});

test('of equal places the resource with the fewest skills is used, then the first id', () => {
  const versatile = make.resource('a', { serviceTypes: ['consultation', 'massage'] });
  const state = make.regionOf(make.resource('c'), make.resource('b'), versatile);
  assert.equal(placedOn(state), 'b');
});

test('the answer names the lane and the buffers to store', () => {
  const changes = { capacity: 2, bufferBeforeSeconds: 60, bufferAfterSeconds: 120 };
  const state = make.regionOf(make.resource('a', changes));
  const expected = { kind: 'placed', resourceId: 'a', bufferBefore: 60, bufferAfter: 120 };
  assert.deepEqual(place(state, request, SEED), { ...expected, laneId: make.laneOf('a', 0) });
  make.book(state, morning, { resourceId: 'a' });
  assert.deepEqual(place(state, request, SEED), { ...expected, laneId: make.laneOf('a', 1) });
});

test('a named resource is taken or refused, never replaced', () => {
  const state = make.regionOf(make.resource('a'), make.resource('b'));
  assert.equal(placedOn(state, { ...request, resourceId: 'b' }), 'b');
  make.book(state, morning, { resourceId: 'b' });
  assert.equal(placedOn(state, { ...request, resourceId: 'b' }), 'no-room');
  assert.equal(placedOn(state, { ...request, resourceId: 'nobody' }), 'no-capable-resource');
});

test('the reason is the last rule that any capable resource came to', () => {
  const away = { id: 'x', resourceId: 'a', ...morning };
  const night = { workingHours: [{ days: ['mon' as const], start: '22:00', end: '23:00' }] };
  const reason = (
    resources: Resource[],
    prepare: (state: RegionState) => void = () => undefined,
  ) => {
    const state = make.regionOf(...resources);
    prepare(state);
    const placement = place(state, request, SEED);
    return placement.kind === 'refused' ? [placement.reason, placement.proof] : placement;
  };
  const inactive = make.resource('c', { active: false });
  const unskilled = make.resource('d', { serviceTypes: ['massage'] });
  const closed = make.resource('b', night);
  assert.deepEqual(reason([]), ['no-capable-resource', 'rule']);
  assert.deepEqual(reason([unskilled]), ['no-capable-resource', 'rule']);
  assert.deepEqual(reason([unskilled, inactive]), ['resource-inactive', 'rule']);
  assert.deepEqual(reason([closed, inactive]), ['outside-hours', 'rule']);
  const all = [make.resource('a'), closed, inactive];
  assert.deepEqual(
    reason(all, (state) => state.putAbsence(away)),
    ['absent', 'rule'],
  );
  assert.deepEqual(
    reason(all, (state) => state.putAbsence({ ...away, source: 'calendar' })),
    ['calendar-busy', 'rule'],
  );
  assert.deepEqual(
    reason(all, (state) => make.book(state, morning, { resourceId: 'a' })),
    ['no-room', 'budget'],
  );
});

test('an inactive service type or location leaves nobody capable', () => {
  const state = make.regionOf(make.resource('a'));
  state.putLocation(make.location('main', 'UTC', false));
  const location = { kind: 'catalogue' as const, id: 'main' };
  assert.equal(placedOn(state, { ...request, location }), 'no-capable-resource');
  assert.equal(placedOn(state), 'no-capable-resource');
  state.putLocation(make.location('main'));
  assert.equal(placedOn(state), 'a');
  state.putServiceType(make.serviceType('consultation', false));
  assert.equal(placedOn(state), 'no-capable-resource');
});

test('a refusal lists at most ten bookings in the way', () => {
  const state = make.regionOf(make.resource('a'), make.resource('b', { capacity: 12 }));
  const first = make.book(state, make.slotAt('2026-06-01T08:30:00Z', 45), { resourceId: 'a' });
  const second = make.book(state, make.slotAt('2026-06-01T09:15:00Z', 30), { resourceId: 'a' });
  const inTheWay = [first, second].map(({ start, end }) => ({ resourceId: 'a', start, end }));
  const named = place(state, { ...request, resourceId: 'a' }, SEED);
  assert.deepEqual(named.kind === 'refused' && named.conflicts, inTheWay);
  for (let ordinal = 0; ordinal < 12; ordinal += 1) {
    make.book(state, morning, { resourceId: 'b', laneId: make.laneOf('b', ordinal) });
  }
  const refused = place(state, request, SEED);
  assert.equal(refused.kind === 'refused' && refused.conflicts.length, 10);
});

test('a thousand requests for one slot get exactly the capacity', () => {
  for (const capacity of [1, 7]) {
    const state = make.regionOf(make.resource('a', { capacity }));
    let accepted = 0;
    for (let i = 0; i < 1_000; i += 1) {
      const placement = place(state, request, SEED);
      if (placement.kind === 'refused') continue;
      make.book(state, morning, placement);
      accepted += 1;
    }
    assert.equal(accepted, capacity);
  }
});

test('a request is refused only if no resource is open to it, and placed where one is', () => {
  fc.assert(
    fc.property(make.anyRegion(), (plan) => {
      const state = make.regionOf();
      make.load(state, plan);
      for (const asked of plan.requests) {
        const named = (id: string) => asked.resourceId === undefined || asked.resourceId === id;
        const open = state
          .resourcesById()
          .filter((one) => named(one.id) && explain(state, asked, one) === null)
          .map(({ id }) => id);
        const placement = place(state, asked, SEED);
        if (placement.kind === 'refused') {
          assert.deepEqual(open, []);
          continue;
        }
        assert.ok(open.includes(placement.resourceId));
        make.book(state, asked.slot, { ...placement, serviceType: asked.serviceType });
      }
    }),
    { numRuns: 200 },
  );
});

test('no booking is placed where its resource would be busy more times than its capacity', () => {
  let placed = 0;
  fc.assert(
    fc.property(make.anyRegion(), (plan) => {
      const state = make.regionOf();
      make.load(state, plan);
      make.bookAll(state, plan, (asked) => {
        const placement = place(state, asked, SEED);
        if (placement.kind === 'refused') return placement;
        const { resourceId, bufferBefore, bufferAfter } = placement;
        const busyAt = (instant: number) =>
          [...state.holds.values()].filter(
            (hold) =>
              hold.resourceId === resourceId &&
              hold.start - hold.bufferBefore <= instant &&
              instant < hold.end + hold.bufferAfter,
          ).length;
        const capacity = state.resources.get(resourceId)?.resource.capacity ?? 0;
        const { start, end } = asked.slot;
        for (let at = start - bufferBefore; at < end + bufferAfter; at += 1) {
          assert.ok(busyAt(at) < capacity);
        }
        placed += 1;
        return placement;
      });
    }),
    { numRuns: 30 },
  );
  assert.ok(placed > 50, 'the regions took bookings');
});
