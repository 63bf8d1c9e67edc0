import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Authenticator } from '../../src/gateway/authenticator.ts';
import { systemClock, type Clock } from '../../src/io/clock.ts';
import { newApiKey } from '../../src/io/new-api-key.ts';
import type { Database } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';
import { insertKeyIfAbsent, revokeKey } from '../../src/store/write/api-keys.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { launch } from '../support/launch.ts';
import { openPools, type Pools } from '../support/pools.ts';

const tenantId = 'default';
const by = { actor: 'test', requestId: null };
const refused = { code: 'unauthenticated' };
let planted: TestDatabase;
/** Of each process. */
const pools: Pools[] = [];
/** Where keys are written. */
let database: Database;

before(async () => {
  planted = await freshDatabase();
  for (const applicationName of ['one', 'other']) {
    pools.push(openPools(planted.url, applicationName, 2));
  }
  database = pools[0]?.database ?? assert.fail();
});

after(async () => {
  for (const opened of pools) await opened.close();
  await planted.drop();
});

/** As every process has one, on a clock that stands still unless it is moved. */
function processesAt(clock: Clock): Authenticator[] {
  return pools.map(
    ({ directory }) => new Authenticator({ directory, clock, onKeyUse: () => undefined }),
  );
}

function standingClock(): Clock & { ms: number } {
  const clock = { ...systemClock, ms: 1_000, monotonicMs: () => clock.ms };
  return clock;
}

async function addKey(expiresAt?: number): Promise<{ keyId: string; authorization: string }> {
  const { key, ...kept } = newApiKey(systemRandom);
  const row = { tenantId, keyId: randomUUID(), ...kept, scopes: ['appointments:read'], by };
  const expiring = expiresAt === undefined ? row : { ...row, expiresAt };
  assert.ok(await insertKeyIfAbsent(database, 1, expiring));
  return { keyId: row.keyId, authorization: `Bearer ${key}` };
}

test('a revocation is effective within one second in every process, however busy the key', async () => {
  const clock = standingClock();
  const processes = processesAt(clock);
  const { keyId, authorization } = await addKey();
  const ask = (process: Authenticator) => (async () => process.authenticate(authorization))();
  // In steady use: looked up again behind the backs of those who call.
  for (; clock.ms < 3_000; clock.ms += 100) {
    for (const process of processes) assert.equal((await ask(process)).actor, `key:${keyId}`);
    // Those look-ups get a moment.
    if (clock.ms % 500 === 0) await planted.query('SELECT pg_sleep(0.02)');
  }
  assert.ok(await revokeKey(database, 1, { tenantId, keyId, by }));
  clock.ms += 1_000;
  for (const process of processes) {
    await assert.rejects(ask(process), refused);
    await assert.rejects(ask(process), refused);
  }
});

test('an unknown key is looked up again soon: it may have been made in another process', async () => {
  const clock = standingClock();
  const [process] = processesAt(clock);
  assert.ok(process);
  const { key, ...kept } = newApiKey(systemRandom);
  const ask = async () => process.authenticate(`Bearer ${key}`);
  await assert.rejects(ask(), refused);
  const row = { tenantId, keyId: randomUUID(), ...kept, scopes: [], by };
  assert.ok(await insertKeyIfAbsent(database, 1, row));
  clock.ms += 250;
  assert.equal((await ask()).tenantId, tenantId);
});

test('a key ends when it was made to end, also where it is remembered', async () => {
  const now = systemClock.nowSeconds();
  const clock = { ...standingClock(), seconds: now, nowSeconds: () => clock.seconds };
  const [process] = processesAt(clock);
  const { authorization } = await addKey(now + 2);
  assert.ok(process);
  await process.authenticate(authorization);
  clock.seconds = now + 1;
  await process.authenticate(authorization);
  clock.seconds = now + 2;
  await eventually(async () => {
    const answer = (async () => process.authenticate(authorization))();
    return answer.then(
      () => false,
      ({ code }: { code: string }) => code === 'unauthenticated',
    );
  });
});

interface Rotated {
  id: string;
  key: string;
  scopes: string[];
  expires_at: string | null;
  old: { id: string; expires_at: string };
}

async function rotate(...args: string[]): Promise<{ status: number | null; rotated?: Rotated }> {
  const env = { DATABASE_URL: planted.url };
  const { status, out } = await launch(['keys', 'rotate', ...args, '--json'], { env });
  return status === 0 ? { status, rotated: JSON.parse(out) as Rotated } : { status };
}

test('rotation gives a key a successor, and time to those who use it', async () => {
  const clock = standingClock();
  const [process] = processesAt(clock);
  assert.ok(process);
  const now = systemClock.nowSeconds();
  const old = await addKey(now + 90 * 86_400);
  const { rotated } = await rotate(old.keyId, '--overlap', '1h');
  assert.ok(rotated);
  assert.deepEqual([rotated.scopes, rotated.old.id], [['appointments:read'], old.keyId]);
  const secondsLeft = (instant: string | null): number => Date.parse(instant ?? '') / 1_000 - now;
  assert.ok(Math.abs(secondsLeft(rotated.old.expires_at) - 3_600) < 60);
  assert.ok(Math.abs(secondsLeft(rotated.expires_at) - 90 * 86_400) < 60, 'lives as long again');
  const authorizations = [old.authorization, `Bearer ${rotated.key}`];
  for (const authorization of authorizations) await process.authenticate(authorization);
  // Once more, and at once: of three keys one is left.
  const last = await rotate(rotated.id.toUpperCase(), '--overlap', '0s');
  assert.ok(last.rotated);
  clock.ms += 1_000;
  await assert.rejects(async () => process.authenticate(`Bearer ${rotated.key}`), refused);
  await process.authenticate(`Bearer ${last.rotated.key}`);
});

test('what has ended has no successor, and wrong usage changes nothing', async () => {
  const { keyId } = await addKey();
  assert.equal((await rotate(keyId, '--overlap', 'soon')).status, 2);
  assert.equal((await rotate(keyId, '--overlap', '999999999d')).status, 2);
  assert.equal((await rotate('not-an-id')).status, 1);
  assert.equal((await rotate(randomUUID())).status, 1);
  assert.equal((await rotate(keyId, '--tenant', 'other')).status, 1);
  assert.ok(await revokeKey(database, 1, { tenantId, keyId, by }));
  assert.equal((await rotate(keyId)).status, 1);
  const [row] = await planted.query<{ count: number }>(
    'SELECT count(*) AS count FROM api_keys WHERE expires_at IS NULL AND revoked_at IS NULL',
  );
  assert.equal(row?.count, 1, 'only the key of the test of unknown keys goes on for ever');
});
