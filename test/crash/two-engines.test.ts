import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { awaitQuiet } from '../support/checker/await-quiet.ts';
import { checkAll } from '../support/checker/check-all.ts';
import { Ledger } from '../support/checker/ledger.ts';
import { describeViolations } from '../support/checker/violation.ts';
import { Client } from '../support/client.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { createBody } from '../support/load.ts';
import { assertAbsences, putRegions, runRegionLoad } from '../support/region-load.ts';
import { startService, type Service } from '../support/service.ts';

let store: TestDatabase;
let edge: Service;
let client: Client;
const engines: Service[] = [];
const ledger = new Ledger();

before(async () => {
  store = await freshDatabase();
  edge = await start('gateway,api,worker,relay');
  engines.push(await start('engine'), await start('engine'));
  client = new Client({ url: edge.url, key: edge.key, ledger });
  await putRegions(client);
});
after(async () => {
  client.close();
  for (const service of [edge, ...engines]) await service.close();
  await store.drop();
});

function start(roles: string): Promise<Service> {
  return startService({ databaseUrl: store.url, env: { SLOTWRIGHT_ROLES: roles } });
}

/** Gives each region to the process that shall own it, as if no other had ever had it. */
async function giveTo(owners: Record<string, Service | undefined>): Promise<void> {
  for (const [region, service] of Object.entries(owners)) {
    await store.query(
      `UPDATE regions r SET owner = p.process_id, owner_session = p.session_key,
        token = r.token + 1, lease_expires_at = now() + interval '2 seconds'
      FROM processes p WHERE r.region = $1 AND p.pid = $2`,
      [region, service?.pid()],
    );
  }
}

/** The process ids of the owners of the regions, in their order. */
async function owners(...regions: string[]): Promise<(number | undefined)[]> {
  const rows = await store.query<{ region: string; pid: number }>(
    'SELECT r.region, p.pid FROM regions r JOIN processes p ON p.process_id = r.owner',
  );
  return regions.map((name) => rows.find(({ region }) => region === name)?.pid);
}

async function decidedIn(commandId = ''): Promise<unknown> {
  const [row] = await store.query<{ path: string[] }>(
    'SELECT regions_tried || decided_region AS path FROM commands WHERE command_id = $1',
    [commandId],
  );
  return row?.path;
}

test('regions of two processes hand on to each other', async () => {
  const [one, other] = engines;
  await giveTo({ default: one, a: one, b: other, c: other });
  assert.notEqual(one?.pid(), other?.pid());
  const apart = [one?.pid(), other?.pid()];
  const full = { ...createBody({ hour: 0 }), location: 'at-a' };
  const [first] = await Promise.all([
    client.create(full, { wait: 20 }),
    client.create({ ...createBody({ hour: 0 }), location: 'at-a' }, { wait: 20 }),
  ]);
  const anywhere = await client.create(createBody({ hour: 0 }), { wait: 20 });
  assert.equal(anywhere.status, 201, JSON.stringify(anywhere));
  assert.deepEqual(await decidedIn(anywhere.headers['command-id']), ['a', 'b']);
  const id = String(first.body['id']);
  const move = { idempotency_key: createBody({ hour: 0 }).idempotency_key, location: 'at-b' };
  const moved = await client.update(id, move, { wait: 20 });
  assert.deepEqual([moved.status, moved.body['location']], [200, 'at-b'], JSON.stringify(moved));
  assert.deepEqual(await decidedIn(moved.headers['command-id']), ['a', 'b']);
  // What has left a is free there, although b has decided it in another process.
  const again = await client.create({ ...createBody({ hour: 0 }), location: 'at-a' }, { wait: 20 });
  assert.equal(again.status, 201, JSON.stringify(again));
  assert.deepEqual(await owners('a', 'b'), apart);
});

test('an owner that is killed under load is followed by the other, and nothing is lost', async () => {
  const [one, other] = engines;
  assert.ok(one && other);
  await giveTo({ default: one, a: one, b: other, c: other });
  const done = ledger.entries.length;
  const load = runRegionLoad({ client, seed: 1, clients: 12, callsEach: 30, hours: 24 });
  const killed = eventually(() => ledger.entries.length > done + 100, 60_000).then(async () => {
    const [owner] = await owners('a');
    const victim = owner === other.pid() ? other : one;
    const survivor = victim === one ? other : one;
    await victim.kill('SIGKILL');
    await eventually(async () => (await owners('a'))[0] === survivor.pid());
    await victim.restart();
  });
  const [absences] = await Promise.all([load, killed]);
  await awaitQuiet(store.url, 60_000);
  const violations = await checkAll({ databaseUrl: store.url, ledger });
  assert.ok(violations.length === 0, describeViolations(violations));
  await assertAbsences(client, absences);
});
