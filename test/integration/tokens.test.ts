import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Gateway } from '../../src/gateway/index.ts';
import type { TokenTrust } from '../../src/gateway/token-authenticator.ts';
import { systemClock, type Clock } from '../../src/io/clock.ts';
import { createLog } from '../../src/io/log.ts';
import { TokenIssuer } from '../../src/io/oidc/token-issuer.ts';
import {
  exchange,
  openEdge,
  reader,
  type EdgeFixture,
  type Reply,
} from '../support/edge-fixture.ts';
import { eventually } from '../support/eventually.ts';
import { startIssuer, type OidcIssuer } from '../support/oidc-issuer.ts';

const customerId = randomUUID();
const staff = { tenant: 'default' };
const clients = [
  { id: 'reader', scope: 'appointments:read', claims: staff },
  { id: 'other-reader', scope: 'appointments:read', claims: staff },
  { id: 'pss', algorithm: 'PS256' as const, scope: 'appointments:read', claims: staff },
  { id: 'elliptic', algorithm: 'ES256' as const, scope: 'appointments:read', claims: staff },
  { id: 'edwards', algorithm: 'EdDSA' as const, scope: 'appointments:read', claims: staff },
  { id: 'dispatcher', claims: { ...staff, roles: ['dispatcher', 'unheard-of'] } },
  { id: 'powerless', claims: staff },
  { id: customerId, scope: 'appointments:self', claims: staff },
  { id: 'nobody', scope: 'appointments:self', claims: staff },
  { id: 'homeless', scope: 'appointments:read' },
  { id: 'stranger', scope: 'appointments:read', claims: { tenant: 'unheard-of' } },
];

let issuer: OidcIssuer;
let edge: EdgeFixture;
const gateways: Gateway[] = [];

before(async () => {
  issuer = await startIssuer(clients);
  edge = await openEdge();
});

after(async () => {
  for (const gateway of gateways) await gateway.stop();
  await edge.close();
  await issuer.goAway();
});

/** The system's clock, some time on. */
function movableClock(): Clock & { byMs: number } {
  const clock = {
    ...systemClock,
    byMs: 0,
    nowMs: () => systemClock.nowMs() + clock.byMs,
    nowSeconds: () => Math.floor(clock.nowMs() / 1_000),
    monotonicMs: () => systemClock.monotonicMs() + clock.byMs,
  };
  return clock;
}

function trusting(clock: Clock): TokenTrust {
  const options = { audience: 'slotwright', clock, log: createLog('silent', 'test') };
  return {
    tenantClaim: 'tenant',
    roleClaim: 'roles',
    issuers: [new TokenIssuer({ ...options, issuer: issuer.url, timeoutMs: 5_000 })],
  };
}

/** A gateway that has verified nothing yet. */
async function freshGateway(clock: Clock = systemClock): Promise<Gateway> {
  const gateway = edge.gateway({ trust: trusting(clock), clock });
  gateways.push(gateway);
  await gateway.start();
  return gateway;
}

function read(gateway: Gateway, credentials: string): Promise<Reply> {
  const head = `GET /v1/things/1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${credentials}`;
  return exchange(`${head}\r\n\r\n`, gateway);
}

test('a token is as good as a key: its scopes say what it may do, its subject who it is', async () => {
  const gateway = await freshGateway();
  for (const id of ['reader', 'pss', 'elliptic', 'edwards', 'dispatcher']) {
    const { status, json, text } = await read(gateway, await issuer.token(id));
    assert.deepEqual([status, json['actor']], [200, `user:${id}`], text);
  }
  assert.equal((await read(gateway, await issuer.token('powerless'))).status, 403);
});

test('`sub` = customer_id, scope `appointments:self`', async () => {
  const gateway = await freshGateway();
  const { status, json } = await read(gateway, await issuer.token(customerId));
  assert.deepEqual([status, json['actor']], [200, `customer:${customerId}`]);
  const refused = await read(gateway, await issuer.token('nobody'));
  assert.deepEqual([refused.status, refused.json['code']], [403, 'forbidden']);
});

test('a token without a tenant, or with one that there is not, is worth nothing', async () => {
  const gateway = await freshGateway();
  for (const id of ['homeless', 'stranger']) {
    assert.equal((await read(gateway, await issuer.token(id))).status, 401, id);
  }
});

test('a tenant made after its first token was refused is known at once', async () => {
  const gateway = await freshGateway();
  const token = await issuer.token('stranger');
  assert.equal((await read(gateway, token)).status, 401);
  await edge.planted.query(`INSERT INTO tenants (tenant_id, name) VALUES ('unheard-of', 'New')`);
  assert.equal((await read(gateway, token)).status, 200);
});

test('many requests with one token, and many tokens, ask for the keys once', async () => {
  const gateway = await freshGateway();
  const tokens = await Promise.all(clients.slice(0, 6).map(({ id }) => issuer.token(id)));
  const asked = issuer.keyRequests();
  const replies = await Promise.all(
    [...tokens, ...tokens, ...tokens].map((token) => read(gateway, token)),
  );
  assert.ok(replies.every(({ status }) => status === 200));
  assert.equal(issuer.keyRequests(), asked + 1);
});

test('a token is good until its end, give or take a minute, and no longer for being cached', async () => {
  const clock = movableClock();
  const gateway = await freshGateway(clock);
  const token = await issuer.token('reader');
  for (const [seconds, status] of [
    [0, 200],
    [590, 200],
    [650, 200],
    [670, 401],
    [0, 200],
  ] as const) {
    clock.byMs = seconds * 1_000;
    assert.equal((await read(gateway, token)).status, status, `${seconds} s on`);
  }
});

test('new keys are found when a token names one, and the old ones are then worth nothing', async () => {
  const clock = movableClock();
  const gateway = await freshGateway(clock);
  const before = await Promise.all([issuer.token('reader'), issuer.token('other-reader')]);
  assert.equal((await read(gateway, before[0])).status, 200);
  issuer.rotate();
  const after = await issuer.token('reader');
  const asked = issuer.keyRequests();
  // The keys were loaded a moment ago: anybody could make us ask again and again.
  for (let tries = 0; tries < 3; tries += 1) {
    assert.equal((await read(gateway, after)).status, 401);
  }
  assert.equal(issuer.keyRequests(), asked);
  clock.byMs = 10_000;
  assert.equal((await read(gateway, after)).status, 200);
  assert.equal(issuer.keyRequests(), asked + 1);
  assert.equal((await read(gateway, before[1])).status, 401, 'had not been verified before');
  assert.equal((await read(gateway, before[0])).status, 200, 'is remembered for five minutes');
  clock.byMs = 310_000;
  assert.equal((await read(gateway, before[0])).status, 401);
});

test('an issuer that is away: tokens wait, keys go on, and what is known goes on', async (t) => {
  const clock = movableClock();
  const [known, cold] = [await freshGateway(clock), await freshGateway(clock)];
  const [seen, unseen] = [await issuer.token('reader'), await issuer.token('other-reader')];
  assert.equal((await read(known, seen)).status, 200);
  await issuer.goAway();
  t.after(() => issuer.comeBack().catch(() => undefined));
  for (let tries = 0; tries < 3; tries += 1) {
    const { status, headers, json } = await read(cold, seen);
    assert.deepEqual([status, json['code'], headers['retry-after']], [503, 'unavailable', '1']);
  }
  for (const gateway of [known, cold]) assert.equal((await read(gateway, reader)).status, 200);
  assert.equal((await read(known, seen)).status, 200);
  assert.equal((await read(known, unseen)).status, 200, 'its key is at hand');
  // Old enough to be loaded again: used on all the same.
  clock.byMs = 540_000;
  assert.equal((await read(known, unseen)).status, 200);
  await issuer.comeBack();
  clock.byMs += 1_000;
  assert.equal((await read(cold, seen)).status, 200);
});

test('keys are looked at again after ten minutes, behind the backs of those who call', async () => {
  const clock = movableClock();
  const [keys] = trusting(clock).issuers;
  const token = await issuer.token('reader');
  assert.equal((await keys?.verify(token))?.kind, 'valid');
  issuer.rotate();
  clock.byMs = 590_000;
  assert.equal((await keys?.verify(token))?.kind, 'valid');
  // Past its end, but by less than a minute.
  clock.byMs = 610_000;
  assert.equal((await keys?.verify(token))?.kind, 'valid');
  await eventually(async () => (await keys?.verify(token))?.kind === 'refused');
});

test('keys that nobody has confirmed for a day are used no more', async (t) => {
  const clock = movableClock();
  const issuerOfKeys = trusting(clock).issuers[0];
  assert.ok(issuerOfKeys);
  const token = await issuer.token('reader');
  assert.equal((await issuerOfKeys.verify(token)).kind, 'valid');
  await issuer.goAway();
  t.after(() => issuer.comeBack());
  clock.byMs = 23 * 3_600_000;
  assert.equal((await issuerOfKeys.verify(token)).kind, 'refused', 'it has expired');
  clock.byMs = 24 * 3_600_000;
  assert.equal((await issuerOfKeys.verify(token)).kind, 'unavailable');
});

test('an issuer whose discovery document is of another is no issuer', async () => {
  const options = { audience: 'slotwright', clock: systemClock, timeoutMs: 5_000 };
  const renamed = issuer.url.replace('127.0.0.1', 'localhost');
  const log = createLog('silent', 'test');
  const other = new TokenIssuer({ ...options, issuer: renamed, log });
  assert.equal((await other.verify(await issuer.token('reader'))).kind, 'unavailable');
});
