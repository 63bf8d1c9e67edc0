import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleCatalogue } from './example-catalogue.ts';
import { isTimeZone, timeZone } from './time-zone.ts';
import { hoursViolations } from './working-hours.ts';

const { serviceTypes, locations, resources } = exampleCatalogue;

test('the example has three places whose clocks differ all year, and two dozen resources', () => {
  for (const day of [0, 182]) {
    const at = 1_767_225_600 + day * 86_400;
    const offsets = locations.map((location) => timeZone(location.timeZone).offsetAt(at));
    assert.equal(new Set(offsets).size, 3);
  }
  assert.equal(resources.length, 24);
  assert.equal(new Set(resources.map(({ id }) => id)).size, 24);
});

test('everything that the example refers to is part of it', () => {
  const codes = new Set(serviceTypes.map(({ code }) => code));
  const ids = new Set(locations.map(({ id }) => id));
  for (const resource of resources) {
    for (const code of resource.serviceTypes) assert.ok(codes.has(code), code);
    for (const id of resource.locations) assert.ok(ids.has(id), id);
    assert.ok(isTimeZone(resource.timeZone));
    assert.deepEqual(hoursViolations([...resource.workingHours, ...resource.breaks]), []);
  }
  for (const code of codes) {
    assert.ok(
      resources.some((resource) => resource.serviceTypes.includes(code)),
      code,
    );
  }
});

test('the example shows buffers, breaks, several lanes and hours past midnight', () => {
  assert.ok(resources.some(({ bufferBeforeSeconds }) => bufferBeforeSeconds > 0));
  assert.ok(resources.some(({ breaks }) => breaks.length > 0));
  assert.ok(resources.some(({ capacity }) => capacity > 1));
  assert.ok(resources.some(({ workingHours }) => workingHours.some((h) => h.end < h.start)));
});
