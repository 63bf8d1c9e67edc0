import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../contract/problem.ts';
import { refusalSeenBy } from './refusal-seen-by.ts';

const hour = { start_time: '2030-01-01T10:00:00Z', end_time: '2030-01-01T11:00:00Z' };
const [own, others] = [
  { resource_id: 'r1', ...hour },
  { resource_id: 'r2', ...hour },
];
const refusal = new Problem('slot-unavailable', 'there is no room', {
  members: { reason: 'no-room', conflicts: [own, others], alternatives: [others, own] },
}).document();

test('bookings in the way are told to staff, to a provider its own, to a customer none', () => {
  const tenantId = 'default';
  const staff = { tenantId, customerId: null, resourceId: null };
  assert.deepEqual(refusalSeenBy(staff, refusal), refusal);
  assert.deepEqual(refusalSeenBy({ ...staff, resourceId: 'r1' }, refusal), {
    ...{ ...refusal, conflicts: [own], alternatives: [own] },
  });
  assert.deepEqual(refusalSeenBy({ ...staff, customerId: 'c' }, refusal), {
    ...{ ...refusal, conflicts: [] },
  });
});

test('a refusal without bookings in the way is told as it is', () => {
  const stale = new Problem('version-conflict', 'the appointment is at version 3').document();
  const customer = { tenantId: 'default', customerId: 'c', resourceId: null };
  assert.deepEqual(refusalSeenBy(customer, stale), stale);
});
