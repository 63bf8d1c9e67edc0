import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import { defaultCallPolicy } from '../../domain/call-policy.ts';
import { Breakers, type BreakerChange } from './breakers.ts';

const policyOf = () => ({ ...defaultCallPolicy, minimumCalls: 1 });

function fail(breakers: Breakers, tenantId: string): void {
  const admission = breakers.of({ provider: 'caldav', tenantId }).admit();
  if (admission.kind === 'admitted') admission.settle('bad');
}

test('tenants and providers have breakers of their own', () => {
  const breakers = new Breakers({ policyOf, clock: fakeClock() });
  fail(breakers, 'a');
  const kinds = [
    { provider: 'caldav', tenantId: 'a' },
    { provider: 'caldav', tenantId: 'b' },
    { provider: 'webhook', tenantId: 'a' },
  ].map((key) => breakers.of(key).admit().kind);
  assert.deepEqual(kinds, ['turned-away', 'admitted', 'admitted']);
  assert.deepEqual(
    breakers.list().map(({ tenantId, state }) => `${tenantId} ${state}`),
    ['a open'],
  );
  assert.equal(breakers.list({ all: true }).length, 3);
});

test('their number is bounded; closed ones go first, the longest unused before others', () => {
  const breakers = new Breakers({ policyOf, clock: fakeClock(), limit: 3 });
  fail(breakers, 'open');
  breakers.force({ provider: 'caldav', tenantId: 'forced' }, 'open');
  for (let i = 0; i < 50; i += 1) breakers.of({ provider: 'caldav', tenantId: `t${i}` });
  const kept = breakers.list({ all: true }).map(({ tenantId }) => tenantId);
  assert.deepEqual(kept.sort(), ['forced', 'open', 't49']);
});

test('where all are in trouble the longest unused goes, and is told as closed', () => {
  const changes: BreakerChange[] = [];
  const onChange = (change: BreakerChange) => changes.push(change);
  const breakers = new Breakers({ policyOf, clock: fakeClock(), limit: 2, onChange });
  for (const tenant of ['a', 'b', 'c']) fail(breakers, tenant);
  assert.deepEqual(
    changes.map(({ tenantId, from, to }) => `${tenantId} ${from} ${to}`),
    ['a closed open', 'b closed open', 'a open closed', 'c closed open'],
  );
});

test('an operator forces one breaker, and takes the word back', () => {
  const breakers = new Breakers({ policyOf, clock: fakeClock() });
  const key = { provider: 'caldav', tenantId: 'a' };
  breakers.force(key, 'open');
  assert.equal(breakers.of(key).admit().kind, 'turned-away');
  assert.equal(breakers.list()[0]?.forced, 'open');
  breakers.force(key, null);
  assert.equal(breakers.of(key).admit().kind, 'admitted');
  assert.deepEqual(breakers.list(), []);
});
