import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as make from '../../../test/support/placement-region.ts';
import type { Resource } from '../../domain/catalogue.ts';
import { WEEKDAYS } from '../../domain/wall-time.ts';
import { compatibleByBuffers } from './compatible.ts';
import type { PlacementRequest } from './demand.ts';
import { explain } from './eligibility.ts';
import { RegionState } from './region-state.ts';

const morning = make.slotAt('2026-06-01T09:00:00Z', 60);

function ruleFor(
  changes: Partial<Resource>,
  request: Partial<PlacementRequest> = {},
  prepare: (state: RegionState) => void = () => undefined,
) {
  const state = make.regionOf(make.resource('a', changes));
  prepare(state);
  const resource = state.resources.get('a') ?? assert.fail();
  return explain(state, { serviceType: 'consultation', slot: morning, ...request }, resource);
}

test('nothing stops a plain request in working hours', () => {
  assert.equal(ruleFor({}), null);
  assert.equal(ruleFor({}, { location: { kind: 'catalogue', id: 'main' } }), null);
});

test('inactive resources, service types and locations stop it first', () => {
  const main = { kind: 'catalogue' as const, id: 'main' };
  assert.equal(ruleFor({ active: false, serviceTypes: ['massage'] }), 'inactive');
  const type = make.serviceType('consultation', false);
  assert.equal(
    ruleFor({}, {}, (state) => state.putServiceType(type)),
    'inactive',
  );
  const closed = make.location('main', 'UTC', false);
  assert.equal(
    ruleFor({}, { location: main }, (state) => state.putLocation(closed)),
    'inactive',
  );
});

test('the service type must be known and among those of the resource', () => {
  assert.equal(ruleFor({}, { serviceType: 'massage' }), 'service_type');
  assert.equal(ruleFor({ serviceTypes: ['massage'] }), 'service_type');
  assert.equal(ruleFor({ serviceTypes: ['x'] }, { serviceType: 'x' }), 'service_type');
});

test('a location of the catalogue must be one of the resource, free text need not', () => {
  const elsewhere = { kind: 'catalogue' as const, id: 'elsewhere' };
  assert.equal(ruleFor({}, { location: elsewhere }), 'location');
  const open = make.location('elsewhere');
  const known = (state: RegionState) => state.putLocation(open);
  assert.equal(ruleFor({}, { location: elsewhere }, known), 'location');
  assert.equal(ruleFor({ locations: ['elsewhere'] }, { location: elsewhere }, known), null);
  assert.equal(ruleFor({}, { location: { kind: 'free', text: 'elsewhere' } }), null);
});

test('without a location some location of the resource must be active', () => {
  const closed = (state: RegionState) => state.putLocation(make.location('main', 'UTC', false));
  assert.equal(ruleFor({}, {}, closed), 'location');
  const another = (state: RegionState) => {
    closed(state);
    state.putLocation(make.location('north'));
  };
  assert.equal(ruleFor({ locations: ['main', 'north'] }, {}, another), null);
});

test('outside the hours is another rule than in a break', () => {
  const breaks = [{ days: [...WEEKDAYS], start: '09:30', end: '10:00' }];
  assert.equal(ruleFor({ breaks }), 'break');
  assert.equal(ruleFor({}, { slot: make.slotAt('2026-06-01T07:30:00Z', 60) }), 'hours');
  assert.equal(ruleFor({}, { slot: make.slotAt('2026-06-01T17:00:00Z', 60) }), null);
  assert.equal(ruleFor({}, { slot: make.slotAt('2026-06-01T17:00:01Z', 60) }), 'hours');
});

test('hours are read in the zone of the resource', () => {
  assert.equal(ruleFor({ timeZone: 'America/New_York' }), 'hours');
  const evening = make.slotAt('2026-06-01T21:00:00Z', 60);
  assert.equal(ruleFor({ timeZone: 'America/New_York' }, { slot: evening }), null);
});

test('absences stop the slot, not its buffers; busy calendars are told apart', () => {
  const buffers = { bufferBeforeSeconds: 600, bufferAfterSeconds: 600 };
  const away = (start: number, end: number, source: 'operator' | 'calendar') => {
    return (state: RegionState) => {
      state.putAbsence({ id: 'x', resourceId: 'a', start, end, source });
    };
  };
  const { start, end } = morning;
  assert.equal(ruleFor(buffers, {}, away(end, end + 10, 'operator')), null);
  assert.equal(ruleFor(buffers, {}, away(start - 10, start, 'operator')), null);
  assert.equal(ruleFor(buffers, {}, away(end - 1, end + 10, 'operator')), 'absence');
  assert.equal(ruleFor(buffers, {}, away(start - 9, start + 1, 'calendar')), 'calendar');
});

test('buffers may lie outside the working hours but not in another booking', () => {
  const buffers = { bufferBeforeSeconds: 600, bufferAfterSeconds: 300 };
  const first = make.slotAt('2026-06-01T08:00:00Z', 60);
  assert.equal(ruleFor(buffers, { slot: first }), null);
  const booked = (state: RegionState) => make.book(state, first, { resourceId: 'a' });
  const next = (start: string) => ({ slot: make.slotAt(start, 30) });
  assert.equal(ruleFor(buffers, next('2026-06-01T09:14:59Z'), booked), 'capacity');
  assert.equal(ruleFor(buffers, next('2026-06-01T09:15:00Z'), booked), null);
});

test('a booking keeps the buffers it was made with', () => {
  const rule = ruleFor({ bufferAfterSeconds: 900 }, { slot: morning }, (state) => {
    const early = make.slotAt('2026-06-01T08:00:00Z', 50);
    make.book(state, early, { resourceId: 'a' });
    state.putResource(make.resource('a'));
  });
  assert.equal(rule, 'capacity');
});

test('where the buffers allow it and only compatibility does not, travel stops it', () => {
  const state = new RegionState((before, after) => {
    return compatibleByBuffers(before, after) && before.end + 60 <= after.start;
  });
  state.putServiceType(make.serviceType('consultation'));
  state.putLocation(make.location('main'));
  state.putResource(make.resource('a'));
  make.book(state, morning, { resourceId: 'a' });
  const resource = state.resources.get('a') ?? assert.fail();
  const rule = (start: string) =>
    explain(state, { serviceType: 'consultation', slot: make.slotAt(start, 30) }, resource);
  assert.equal(rule('2026-06-01T10:00:59Z'), 'travel');
  assert.equal(rule('2026-06-01T10:01:00Z'), null);
  assert.equal(rule('2026-06-01T09:30:00Z'), 'capacity');
});

test('buffers that reach beyond the years of the database leave no room', () => {
  const hours = [{ days: [...WEEKDAYS], start: '00:00', end: '24:00' }];
  const last = { slot: make.slotAt('9998-12-31T23:00:00Z', 59) };
  assert.equal(ruleFor({ workingHours: hours }, last), null);
  assert.equal(ruleFor({ workingHours: hours, bufferAfterSeconds: 120 }, last), 'capacity');
});
