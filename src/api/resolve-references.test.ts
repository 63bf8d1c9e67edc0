import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Catalogue } from './catalogue-cache.ts';
import { referenceProblem, resolveReferences } from './resolve-references.ts';

const place = { time_zone: 'UTC', region: 'default' };
const north = { ...place, id: 'north', name: 'North', active: true };
const closed = { ...place, id: 'old-north', name: 'North', active: false };
const twinA = { ...place, id: 'twin-a', name: 'Twin', active: true };
const twinB = { ...place, id: 'twin-b', name: 'Twin', active: true };

const catalogue: Catalogue = {
  version: 1,
  rejectsUnknownLocations: false,
  firstRegion: 'default',
  serviceTypes: new Map([
    ['pickup', true],
    ['retired', false],
  ]),
  resources: new Map([['r1', { active: true, region: 'default' }]]),
  locations: new Map([north, closed, twinA, twinB].map((location) => [location.id, location])),
  locationsByName: new Map([
    ['North', [closed, north]],
    ['Twin', [twinA, twinB]],
  ]),
};

function resolve(location: string | null, from = catalogue, knownLocationsOnly = false) {
  const references = { serviceType: 'pickup', location, resourceId: null };
  const options = { place: (member: string) => ({ pointer: `/${member}` }), knownLocationsOnly };
  const { violations, location: found } = resolveReferences(from, references, options);
  return violations[0]?.code ?? found;
}

test('a location is found by its id, then by a name that one active location has', () => {
  assert.deepEqual(resolve('north'), { kind: 'catalogue', location: north });
  assert.deepEqual(resolve('North'), { kind: 'catalogue', location: north });
  assert.equal(resolve('Twin'), 'ambiguous-location');
  assert.equal(resolve('old-north'), 'unknown-location');
  assert.deepEqual(resolve(null), { kind: 'none' });
});

test('an unknown location is free text unless the tenant or the call rejects it', () => {
  assert.deepEqual(resolve('Backyard'), { kind: 'free', text: 'Backyard' });
  assert.equal(
    resolve('Backyard', { ...catalogue, rejectsUnknownLocations: true }),
    'unknown-location',
  );
  assert.equal(resolve('Backyard', catalogue, true), 'unknown-location');
});

test('all that is unknown or inactive is answered at once, under the code of the first', () => {
  const references = { serviceType: 'retired', location: 'Twin', resourceId: 'r2' };
  const { violations } = resolveReferences(catalogue, references, {
    place: (parameter) => ({ parameter }),
    knownLocationsOnly: true,
  });
  assert.deepEqual(
    violations.map(({ parameter, code }) => `${parameter} ${code}`),
    [
      'service_type unknown-service-type',
      'location ambiguous-location',
      'resource_id unknown-resource',
    ],
  );
  const problem = referenceProblem(violations);
  assert.equal(problem.code, 'unknown-service-type');
  assert.equal(problem.members.errors?.length, 3);
});
