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

test('a location belongs to the region that decides about it', () => {
  const other = { ...region.location('north'), region: 'north' };
  const change = { kind: 'location' as const, location: other, force: false };
  const { problem } = judgeCatalogue(region.regionOf(), change, when);
  assert.equal(problem?.errors?.[0]?.pointer, '/region');
  const asked = judgeCatalogue(region.regionOf(), change, { ...when, region: 'north' });
  assert.equal(asked.problem, undefined);
});

test('operations on the catalogue are told from those on appointments', () => {
  assert.ok(isCatalogueOperation('put-resource'));
  assert.ok(isCatalogueOperation('add-absence'));
  assert.ok(!isCatalogueOperation('update'));
});
