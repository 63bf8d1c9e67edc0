import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scopes as knownScopes } from '../contract/principal.ts';
import { staffRoles } from '../contract/roles.ts';
import { tokenPrincipal } from './token-principal.ts';

const names = { tenantClaim: 'tenant', roleClaim: 'roles' };
const customer = '7D444840-9dc0-41d1-b245-5ffdce74fad2';

function principal(claims: Record<string, unknown>) {
  return tokenPrincipal({ tenant: 'acme', sub: 'somebody', ...claims }, names);
}

function scopesOf(claims: Record<string, unknown>): string[] {
  return [...(principal(claims)?.scopes ?? [])].sort();
}

test('scopes come from `scope` and `scp`, as text or as a list, and unknown ones are nothing', () => {
  const both = ['appointments:read', 'events:read'];
  assert.deepEqual(scopesOf({ scope: 'openid events:read appointments:read' }), both);
  assert.deepEqual(scopesOf({ scp: ['appointments:read', 'events:read', 'root'] }), both);
  assert.deepEqual(scopesOf({ scp: 'appointments:read events:read' }), both);
  assert.deepEqual(scopesOf({ scope: 'events:read', scp: ['appointments:read'] }), both);
  for (const scope of [undefined, null, 7, {}, [7], '', 'APPOINTMENTS:READ']) {
    assert.deepEqual(scopesOf({ scope }), []);
  }
});

test('a role is a named set of scopes, several are their union, and none is all', () => {
  for (const [role, scopes] of Object.entries(staffRoles)) {
    const granted = scopesOf({ roles: [role], resource_id: 'r1' });
    assert.ok(!granted.includes('appointments:self'));
    assert.deepEqual(granted, [...scopes].sort(), role);
  }
  const union = new Set([...staffRoles.dispatcher, ...staffRoles.operator]);
  assert.deepEqual(scopesOf({ roles: ['dispatcher', 'operator'] }), [...union].sort());
  assert.ok(union.size < knownScopes.length);
  assert.deepEqual(scopesOf({ roles: ['toString', '__proto__', 'Dispatcher', 7] }), []);
  assert.deepEqual(scopesOf({ roles: { dispatcher: true } }), []);
});

test('`appointments:self` stands alone: what a customer holds is their own, whatever else', () => {
  const granted = { sub: customer, scope: 'appointments:self admin', roles: ['operator'] };
  assert.deepEqual(scopesOf(granted), ['appointments:self']);
  const { actor, customerId } = principal(granted) ?? {};
  assert.equal(customerId, customer.toLowerCase());
  assert.equal(actor, `customer:${customer.toLowerCase()}`);
  assert.equal(principal({ scope: 'appointments:self' })?.customerId, null);
  // Elsewhere a subject in the form of a UUID is no customer.
  assert.equal(principal({ sub: customer, scope: 'appointments:read' })?.customerId, null);
});

test('a provider is bound to one resource, whatever else, and without one may do nothing', () => {
  const granted = { roles: ['dispatcher', 'provider'], scope: 'events:read admin' };
  const own = principal({ ...granted, resource_id: 'r-1' });
  assert.equal(own?.resourceId, 'r-1');
  assert.deepEqual([...own.scopes], staffRoles.provider);
  for (const resource_id of [undefined, '', 7, ['r-1'], 'a b', 'x'.repeat(65)]) {
    const bound = principal({ ...granted, resource_id });
    assert.deepEqual([bound?.resourceId, bound?.scopes.size], [null, 0]);
  }
  // Nobody else is: the claim alone says nothing.
  assert.equal(principal({ roles: ['dispatcher'], resource_id: 'r-1' })?.resourceId, null);
});

test('claims are found under the names that are configured', () => {
  const claims = { 'https://a.example/t': 'acme', groups: ['integration'], sub: 'machine' };
  const configured = { tenantClaim: 'https://a.example/t', roleClaim: 'groups' };
  assert.equal(tokenPrincipal(claims, configured)?.tenantId, 'acme');
  assert.equal(tokenPrincipal(claims, configured)?.scopes.size, staffRoles.integration.length);
  assert.equal(tokenPrincipal(claims, names), undefined);
});

test('a token that names no subject is that of its client, and of nobody without one', () => {
  assert.equal(principal({ sub: undefined, client_id: 'importer' })?.actor, 'user:importer');
  assert.equal(principal({ sub: undefined }), undefined);
  assert.equal(principal({ sub: 'x'.repeat(256) }), undefined);
  assert.equal(principal({ cnf: { jkt: 'a' } }), undefined);
});
