import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from '../io/random.ts';
import { traceparent } from './traceparent.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';
const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])$/;

test('a valid trace goes on under its id with a span of our own', () => {
  const [, trace, span, flags] =
    form.exec(traceparent(`00-${traceId}-${parentId}-00`, systemRandom)) ?? [];
  assert.equal(trace, traceId);
  assert.notEqual(span, parentId);
  assert.equal(flags, '00');
});

test('a later version is read as far as it is known', () => {
  const next = traceparent(`cc-${traceId}-${parentId}-ff-what-comes`, systemRandom);
  assert.match(next, new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
});

test('anything else begins a new trace', () => {
  const invalid = [
    undefined,
    '',
    `00-${traceId}-${parentId}-01-more`,
    `ff-${traceId}-${parentId}-01`,
    `00-${'0'.repeat(32)}-${parentId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${parentId}-01`,
  ];
  for (const header of invalid) {
    const fresh = traceparent(header, systemRandom);
    assert.match(fresh, form);
    assert.ok(!fresh.includes(traceId), header);
  }
});
