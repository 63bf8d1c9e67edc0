import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as region from '../../test/support/placement-region.ts';
import { isCatalogueOperation } from './catalogue-change.ts';
import { judgeCatalogue } from './judge-catalogue.ts';

const when = { now: 0, region: 'default' };

function pointersAgainst(changes: Parameters<typeof region.resource>[1]): (string | undefined)[] {
  const resource = region.resource('new', changes);
  const change = { kind: 'resource' as const, resource, force: false };
  const { problem } = judgeCatalogue(region.regionOf(), change, when);
  return problem?.errors?.map(({ pointer }) => pointer) ?? [];
}

test('a resource may refer to what is in the catalogue now', () => {
  assert.deepEqual(pointersAgainst({}), []);
  assert.deepEqual(
    pointersAgainst({ serviceTypes: ['consultation', 'gone'], locations: ['gone', 'main'] }),
    ['/service_types/1', '/locations/0'],
  );
});

test('hours that cannot be computed are refused before they are in force', () => {
  assert.deepEqual(pointersAgainst({ timeZone: 'Mars/Olympus' }), ['/working_hours']);
  const hours = [{ days: ['mon' as const], start: '25:61', end: '26:00' }];
  assert.deepEqual(pointersAgainst({ workingHours: hours }), ['/working_hours']);
});

test('a location changes its region only while no resource works there', () => {
  const other = { ...region.location('main'), region: 'north' };
  const change = { kind: 'location' as const, location: other, force: true };
  const empty = region.regionOf();
  assert.equal(judgeCatalogue(empty, change, when).problem, undefined);
  const used = region.regionOf();
  used.putResource(region.resource('a'));
  const { problem } = judgeCatalogue(used, change, when);
  assert.deepEqual([problem?.status, problem?.errors?.[0]?.pointer], [422, '/region']);
});

test('a resource works in one region only', () => {
  const state = region.regionOf();
  state.putLocation({ ...region.location('far'), region: 'north' });
  const resource = region.resource('a', { locations: ['main', 'far'] });
  const { problem } = judgeCatalogue(state, { kind: 'resource', resource, force: true }, when);
  assert.deepEqual([problem?.status, problem?.errors?.[0]?.pointer], [422, '/locations/1']);
});

test('operations on the catalogue are told from those on appointments', () => {
  assert.ok(isCatalogueOperation('put-resource'));
  assert.ok(isCatalogueOperation('add-absence'));
  assert.ok(!isCatalogueOperation('update'));
});
