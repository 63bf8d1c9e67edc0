import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultCallPolicy } from '../../domain/call-policy.ts';
import { callPolicies } from './call-policies.ts';

test('what is said of a provider changes that provider alone', () => {
  const policyOf = callPolicies('caldav.open_ms=500, caldav.probes=1,webhook.timeout_ms=9', {
    ...defaultCallPolicy,
    timeoutMs: 800,
  });
  assert.deepEqual(policyOf('caldav'), {
    ...defaultCallPolicy,
    ...{ timeoutMs: 800, openMs: 500, probes: 1 },
  });
  assert.equal(policyOf('webhook').timeoutMs, 9);
  assert.equal(policyOf('sms').timeoutMs, 800);
});

test('nothing said is the defaults', () => {
  assert.deepEqual(callPolicies('', defaultCallPolicy)('caldav'), defaultCallPolicy);
});
