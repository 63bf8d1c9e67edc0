import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import * as make from '../../../test/support/placement-region.ts';
import { slotsOverlap } from '../../domain/slot.ts';
import { timeZone } from '../../domain/time-zone.ts';
import { alternatives, type Alternative } from './alternatives.ts';
import { availability } from './availability.ts';
import type { AvailabilityQuery } from './availability.ts';
import { explain } from './eligibility.ts';
import { place } from './place.ts';
import type { RegionState } from './region-state.ts';

const SEED = 1;

const monday = {
  serviceType: 'consultation',
  from: make.at('2026-06-01T00:00:00Z'),
  to: make.at('2026-06-02T00:00:00Z'),
  now: make.at('2026-06-01T00:00:00Z'),
  durationSeconds: 1_800,
  stepSeconds: 900,
  limit: 500,
};

function startsOf(state: RegionState, changes: Partial<AvailabilityQuery> = {}): string[] {
  const { slots } = availability(state, { ...monday, ...changes });
  return slots.map(
    ({ start, free }) => `${new Date(start * 1_000).toISOString().slice(11, 16)}×${free}`,
  );
}

/** What the contract says, a start at a time: every aligned minute, asked of `place`. */
function expectedSlots(state: RegionState, query: AvailabilityQuery) {
  const known = query.location?.kind === 'catalogue' ? query.location.id : undefined;
  const zone = timeZone(state.locations.get(known ?? '')?.timeZone ?? 'UTC');
  const slots: { start: number; end: number; free: number }[] = [];
  const earliest = Math.max(query.from, query.now);
  for (let start = Math.ceil(earliest / 60) * 60; ; start += 60) {
    const end = start + query.durationSeconds;
    if (end > query.to) return slots.slice(0, query.limit);
    if (((start + zone.offsetAt(start)) % 86_400) % query.stepSeconds !== 0) continue;
    const request = { ...query, slot: { start, end } };
    if (place(state, request, SEED).kind === 'refused') continue;
    const named = (id: string) => query.resourceId === undefined || query.resourceId === id;
    const open = state
      .resourcesById()
      .filter((one) => named(one.id) && explain(state, request, one) === null);
    slots.push({ start, end, free: open.length });
  }
}

const anyQuery = fc.record({
  demand: make.anyDemand(),
  shift: fc.integer({ min: -2 * 86_400, max: 86_400 }),
  seconds: fc.integer({ min: 0, max: 2 * 86_400 }),
  nowShift: fc.integer({ min: -86_400, max: 3 * 3_600 }),
  durationSeconds: fc.constantFrom(300, 1_800, 3_600, 14_400),
  stepSeconds: fc.constantFrom(300, 900, 1_800, 2_700, 3_600),
  limit: fc.constantFrom(3, 500),
});

test('exactly the slots that would be accepted are offered, with how many could take them', () => {
  let offered = 0;
  fc.assert(
    fc.property(
      make.anyRegion(),
      fc.array(anyQuery, { minLength: 3, maxLength: 3 }),
      (plan, asked) => {
        const state = make.regionOf();
        make.load(state, plan);
        make.bookAll(state, plan, (request) => place(state, request, SEED));
        for (const { demand, shift, seconds, nowShift, ...rest } of asked) {
          const from = plan.moment + shift;
          const query = { ...demand, ...rest, from, to: from + seconds, now: from + nowShift };
          const { slots } = availability(state, query);
          assert.deepEqual(slots, expectedSlots(state, query));
          offered += slots.length;
        }
      },
    ),
    { numRuns: 300 },
  );
  assert.ok(offered > 1_000, 'the regions were open at times');
});

test('alternatives are the nearest starts that would be placed and do not overlap', () => {
  let found = 0;
  fc.assert(
    fc.property(make.anyRegion(), make.anyDemand(), fc.nat(86_400), (plan, demand, shift) => {
      const state = make.regionOf();
      make.load(state, plan);
      make.bookAll(state, plan, (request) => place(state, request, SEED));
      const slot = { start: plan.moment + shift, end: plan.moment + shift + 3_600 };
      const now = slot.start - (shift % 4_000);
      const expected: Alternative[] = [];
      for (let distance = 900; distance <= 7 * 86_400 && expected.length < 3; distance += 900) {
        for (const start of [slot.start + distance, slot.start - distance]) {
          const moved = { start, end: start + 3_600 };
          if (expected.some((other) => slotsOverlap(other, moved))) continue;
          const placement = place(state, { ...demand, slot: moved }, SEED);
          if (placement.kind === 'refused' || start < now || expected.length === 3) continue;
          expected.push({ ...moved, resourceId: placement.resourceId });
        }
      }
      assert.deepEqual(alternatives(state, { ...demand, slot }, { now }), expected);
      found += expected.length;
    }),
    { numRuns: 100 },
  );
  assert.ok(found > 50, 'there were alternatives');
});

test('a free day offers every aligned start that ends within the hours', () => {
  const state = make.regionOf(make.resource('a'), make.resource('b'));
  const starts = startsOf(state);
  assert.equal(starts.length, 39);
  assert.equal(starts[0], '08:00×2');
  assert.equal(starts.at(-1), '17:30×2');
});

test('a booking and its buffers take their starts away from its resource alone', () => {
  const state = make.regionOf(make.resource('a', { bufferAfterSeconds: 900 }), make.resource('b'));
  make.book(state, make.slotAt('2026-06-01T09:00:00Z', 60), { resourceId: 'a' });
  const starts = startsOf(state, { to: make.at('2026-06-01T11:00:00Z') });
  const twice = ['08:00×2', '08:15×2', '10:15×2', '10:30×2'];
  assert.deepEqual(
    starts.filter((start) => start.endsWith('×2')),
    twice,
  );
  assert.equal(starts.length, 11);
});

test('starts lie on the wall clock of the location, not later than now, up to the limit', () => {
  const state = make.regionOf(make.resource('a', { locations: ['main', 'kathmandu'] }));
  state.putLocation(make.location('kathmandu', 'Asia/Kathmandu'));
  const hourly = { stepSeconds: 3_600, limit: 2, now: make.at('2026-06-01T08:00:01Z') };
  assert.deepEqual(startsOf(state, hourly), ['09:00×1', '10:00×1']);
  const location = { kind: 'catalogue' as const, id: 'kathmandu' };
  assert.deepEqual(startsOf(state, { ...hourly, location }), ['08:15×1', '09:15×1']);
});

test('slots years ahead are offered as well', () => {
  const state = make.regionOf(make.resource('a'));
  const [from, to] = [make.at('2999-06-01T00:00:00Z'), make.at('2999-06-02T00:00:00Z')];
  assert.equal(startsOf(state, { from, to }).length, 39);
});
