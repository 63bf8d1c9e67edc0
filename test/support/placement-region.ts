import assert from 'node:assert/strict';

import fc from 'fast-check';

import type { Absence, Location, Resource, ServiceType } from '../../src/domain/catalogue.ts';
import { parseInstant } from '../../src/domain/slot.ts';
import type { Slot } from '../../src/domain/slot.ts';
import { WEEKDAYS } from '../../src/domain/wall-time.ts';
import type { PlacementRequest } from '../../src/engine/placement/demand.ts';
import type { Placement } from '../../src/engine/placement/place.ts';
import { RegionState } from '../../src/engine/placement/region-state.ts';
import type { Hold } from '../../src/engine/placement/timeline.ts';

/** Epoch seconds of an instant that the test wrote itself. */
export function at(text: string): number {
  return parseInstant(text) ?? assert.fail(`not an instant: ${text}`);
}

export function slotAt(text: string, minutes: number): Slot {
  return { start: at(text), end: at(text) + minutes * 60 };
}

export function serviceType(code: string, active = true): ServiceType {
  return { code, name: code, active, travel: false };
}

export function location(id: string, timeZone = 'UTC', active = true): Location {
  return { id, name: id, timeZone, region: 'default', active };
}

/** Open every day from 08:00 to 18:00 UTC, one lane, no buffers, unless said otherwise. */
export function resource(id: string, changes: Partial<Resource> = {}): Resource {
  const capacity = changes.capacity ?? 1;
  return {
    id,
    name: id,
    serviceTypes: ['consultation'],
    locations: ['main'],
    timeZone: 'UTC',
    workingHours: [{ days: [...WEEKDAYS], start: '08:00', end: '18:00' }],
    breaks: [],
    bufferBeforeSeconds: 0,
    bufferAfterSeconds: 0,
    capacity,
    active: true,
    lanes: Array.from({ length: capacity }, (_, ordinal) => laneOf(id, ordinal)),
    ...changes,
  };
}

/** A lane id of its own for each resource and ordinal. */
export function laneOf(resourceId: string, ordinal: number): number {
  let hash = 7;
  for (const letter of resourceId) hash = (hash * 31 + letter.charCodeAt(0)) % 1_000_003;
  return hash * 100 + ordinal;
}

/** A region with an active `consultation` at the location `main`, and these resources. */
export function regionOf(...resources: Resource[]): RegionState {
  const state = new RegionState();
  state.putServiceType(serviceType('consultation'));
  state.putLocation(location('main'));
  for (const one of resources) state.putResource(one);
  return state;
}

let lastAppointment = 0;

/** A hold of the slot on a lane of the resource, with its buffers; placed in the region. */
export function book(
  state: RegionState,
  slot: Slot,
  lane: { resourceId: string; laneId?: number; serviceType?: string },
): Hold {
  const entry = state.resources.get(lane.resourceId)?.resource ?? assert.fail(lane.resourceId);
  const hold: Hold = {
    ...slot,
    appointmentId: `appointment-${(lastAppointment += 1)}`,
    resourceId: lane.resourceId,
    laneId: lane.laneId ?? entry.lanes[0] ?? assert.fail('no lane'),
    bufferBefore: entry.bufferBeforeSeconds,
    bufferAfter: entry.bufferAfterSeconds,
    serviceType: lane.serviceType ?? 'consultation',
    pin: 'movable',
    moves: 0,
  };
  state.placeHold(hold);
  return hold;
}

export interface RandomRegion {
  serviceTypes: ServiceType[];
  locations: Location[];
  resources: Resource[];
  /** Capacities after the first half of the bookings: lanes retire, or open again. */
  laterCapacities: number[];
  absences: Absence[];
  requests: PlacementRequest[];
  /** The middle of the few days in which everything happens: a change of some clocks. */
  moment: number;
}

const CODES = ['consultation', 'massage', 'pickup'];
const PLACES = ['main', 'north', 'south'];
const ZONES = ['UTC', 'Europe/Paris', 'Australia/Lord_Howe', 'America/New_York'];

function anyTime(fromHour: number, toHour: number) {
  return fc.integer({ min: fromHour * 4, max: toHour * 4 - 1 }).map((quarters) => {
    const two = (value: number) => String(value).padStart(2, '0');
    return `${two(quarters >> 2)}:${two((quarters % 4) * 15)}`;
  });
}

// Long days, nights past midnight, and now and then anything at all.
const anyHours = fc.oneof(
  fc.tuple(anyTime(0, 10), fc.oneof(anyTime(14, 24), fc.constant('24:00'))),
  fc.tuple(anyTime(14, 24), anyTime(0, 10)),
  fc.tuple(anyTime(0, 24), anyTime(0, 24)).filter(([start, end]) => start !== end),
);
const anyBreak = fc.integer({ min: 0, max: 22 }).chain((hour) => {
  return fc.tuple(anyTime(hour, hour + 1), anyTime(hour + 1, hour + 2));
});

function anyRows(times: fc.Arbitrary<[string, string]>, count: { min: number; max: number }) {
  const days = fc.oneof(fc.constant([...WEEKDAYS]), fc.subarray([...WEEKDAYS], { minLength: 4 }));
  const row = fc.tuple(days, times).map(([on, [start, end]]) => ({ days: [...on], start, end }));
  return fc.array(row, { minLength: count.min, maxLength: count.max });
}

function anyResource(id: string) {
  const buffers = fc.constantFrom(0, 0, 300, 600, 900, 60);
  return fc
    .record({
      serviceTypes: fc.subarray(CODES, { minLength: 2 }),
      locations: fc.subarray(PLACES, { minLength: 2 }),
      timeZone: fc.constantFrom(...ZONES),
      workingHours: anyRows(anyHours, { min: 1, max: 2 }),
      breaks: anyRows(anyBreak, { min: 0, max: 1 }),
      bufferBeforeSeconds: buffers,
      bufferAfterSeconds: buffers,
      capacity: fc.constantFrom(1, 1, 1, 2, 3),
      active: fc.integer({ min: 0, max: 9 }).map((number) => number > 0),
    })
    .map((changes) =>
      resource(id, { ...changes, lanes: [0, 1, 2].map((ordinal) => laneOf(id, ordinal)) }),
    );
}

export function anyDemand() {
  const place = fc.oneof(
    fc.constant(undefined),
    fc.constantFrom(...PLACES).map((id) => ({ kind: 'catalogue' as const, id })),
    fc.constant({ kind: 'free' as const, text: 'at my desk' }),
  );
  return fc.record({
    serviceType: fc.constantFrom(...CODES),
    location: place,
    resourceId: fc.constantFrom(undefined, undefined, undefined, 'r0', 'r1'),
  });
}

/** A small region over a few days around a change of clocks, and requests to fill it. */
export function anyRegion(): fc.Arbitrary<RandomRegion> {
  const moments = ['2025-03-30T01:00:00Z', '2025-10-26T01:00:00Z', '2025-10-04T15:30:00Z'];
  return fc.constantFrom(...moments.map(at)).chain((moment) => {
    const start = fc.integer({ min: -288, max: 288 }).map((five) => moment + five * 300);
    const absence = fc.record({
      resourceId: fc.constantFrom('r0', 'r1', 'r2'),
      start,
      seconds: fc.integer({ min: 1, max: 30_000 }),
      source: fc.constantFrom('operator' as const, 'calendar' as const),
    });
    const slot = fc.tuple(start, fc.constantFrom(900, 1_800, 3_600, 7_200, 61));
    return fc.record({
      serviceTypes: fc.tuple(...CODES.map((code) => mostly((active) => serviceType(code, active)))),
      locations: fc.tuple(
        ...PLACES.map((id, index) => mostly((active) => location(id, ZONES[index + 1], active))),
      ),
      resources: fc.tuple(...['r0', 'r1', 'r2'].map(anyResource)),
      laterCapacities: fc.array(fc.constantFrom(1, 2, 3), { minLength: 3, maxLength: 3 }),
      absences: fc.array(absence, { minLength: 1, maxLength: 4 }).map((all) =>
        all.map(({ seconds, ...one }, index) => {
          return { ...one, id: `absence-${index}`, end: one.start + seconds };
        }),
      ),
      requests: fc.array(
        fc.tuple(anyDemand(), slot).map(([demand, [from, seconds]]) => ({
          ...demand,
          slot: { start: from, end: from + seconds },
        })),
        { minLength: 30, maxLength: 60 },
      ),
      moment: fc.constant(moment),
    });
  });
}

function mostly<T>(make: (active: boolean) => T): fc.Arbitrary<T> {
  return fc.integer({ min: 0, max: 14 }).map((number) => make(number > 0));
}

/** Puts the plan's catalogue and absences into the region. */
export function load(state: RegionState, plan: RandomRegion): void {
  for (const one of plan.serviceTypes) state.putServiceType(one);
  for (const one of plan.locations) state.putLocation(one);
  for (const one of plan.resources) state.putResource(one);
  for (const one of plan.absences) state.putAbsence(one);
}

/** Books the plan's requests where they are placed; the capacities change half-way. */
export function bookAll(
  state: RegionState,
  plan: RandomRegion,
  decide: (request: PlacementRequest) => Placement,
): void {
  plan.requests.forEach((request, index) => {
    if (index === plan.requests.length >> 1) changeCapacities(state, plan);
    const placement = decide(request);
    if (placement.kind === 'refused') return;
    book(state, request.slot, { ...placement, serviceType: request.serviceType });
  });
}

function changeCapacities(state: RegionState, plan: RandomRegion): void {
  plan.resources.forEach((one, index) => {
    state.putResource({ ...one, capacity: plan.laterCapacities[index] ?? one.capacity });
  });
}
