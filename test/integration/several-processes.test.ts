import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { awaitQuiet } from '../support/checker/await-quiet.ts';
import { checkAll } from '../support/checker/check-all.ts';
import { Ledger } from '../support/checker/ledger.ts';
import { describeViolations } from '../support/checker/violation.ts';
import { Client, type Answer } from '../support/client.ts';
import { startCluster, type Cluster, type Member } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { createBody } from '../support/load.ts';

const places = ['west', 'north', 'south'];
const regions = ['default', ...places];
const apis = ['api-1', 'api-2'];
const engines = ['engine-1', 'engine-2'];
const withinMs = 30_000;

let cluster: Cluster;
const ledger = new Ledger();
const clients = new Map<string, Client>();

before(async () => {
  const alone = (role: 'engine' | 'worker' | 'relay') => ({ roles: [role] });
  cluster = await startCluster({
    members: {
      'api-1': { roles: ['gateway', 'api'] },
      'api-2': { roles: ['gateway', 'api'] },
      'engine-1': alone('engine'),
      'engine-2': alone('engine'),
      'worker-1': alone('worker'),
      'worker-2': alone('worker'),
      'relay-1': alone('relay'),
      'relay-2': alone('relay'),
    },
  });
  for (const place of places) await putPlace(clientOf('api-1'), place);
});
after(async () => {
  for (const client of clients.values()) client.close();
  await cluster.close();
});

/** A location in a region of its own, with one resource of its own who is there at all hours. */
async function putPlace(client: Client, place: string): Promise<void> {
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  const located = { name: place, time_zone: 'UTC', region: place };
  const made = [
    await client.put(`/v1/locations/${place}`, located),
    await client.put(`/v1/resources/${place}-1`, {
      ...{ name: place, time_zone: 'UTC', service_types: ['consultation'], locations: [place] },
      working_hours: [{ days, start: '00:00', end: '24:00' }],
    }),
  ];
  for (const { status, body } of made) assert.ok(status < 300, JSON.stringify(body));
}

function clientOf(name: string): Client {
  const known = clients.get(name);
  if (known !== undefined) return known;
  const client = new Client({ url: cluster.member(name).url, key: cluster.key, ledger });
  clients.set(name, client);
  return client;
}

let hours = 0;
const nextHour = (): number => (hours += 1);

function book(api: string, place: string | undefined, hour: number): Promise<Answer> {
  const body = { ...createBody({ hour }), ...(place !== undefined && { location: place }) };
  return clientOf(api).create(body, { wait: 30 });
}

interface Offer {
  status: number;
  retryAfter: string | null;
  /** How many resources are free at the hour; undefined where the answer is no answer. */
  free: number | undefined;
  detail: string | undefined;
}

/** What is offered for one hour, asked once. */
async function offered(api: string, hour: number, place?: string): Promise<Offer> {
  const { slot } = createBody({ hour });
  const query = new URLSearchParams({
    ...{ service_type: 'consultation', from: slot.start_time, to: slot.end_time },
    ...{ duration_minutes: '60', step_minutes: '60' },
    ...(place !== undefined && { location: place }),
  });
  const headers = { authorization: `Bearer ${cluster.key}` };
  const answer = await fetch(`${cluster.member(api).url}/v1/availability?${query}`, { headers });
  const body = (await answer.json()) as { slots?: { free: number }[]; detail?: string };
  const free = body.slots === undefined ? undefined : (body.slots[0]?.free ?? 0);
  const retryAfter = answer.headers.get('retry-after');
  return { status: answer.status, retryAfter, free, detail: body.detail };
}

/** Asks until there is an answer; whatever else is answered says when to come again. */
function told(api: string, hour: number, place?: string): Promise<number> {
  return eventually(async () => {
    const offer = await offered(api, hour, place);
    if (offer.status !== 503) assert.equal(offer.status, 200);
    else assert.ok(offer.retryAfter);
    // A count of 0 is an answer too.
    return offer.free === undefined ? undefined : { free: offer.free };
  }, withinMs).then(({ free }) => free);
}

/** The region of each process that owns any, by name of the process. */
async function shares(): Promise<Record<string, string[]>> {
  const rows = await cluster.database.query<{ pid: number; owned: string[] }>(
    `SELECT p.pid, array_agg(r.region ORDER BY r.region) AS owned
    FROM regions r JOIN processes p ON p.process_id = r.owner
    WHERE r.lease_expires_at > now() GROUP BY p.pid`,
  );
  const nameOf = (pid: number): string =>
    cluster.members().find((member) => member.pid() === pid)?.name ?? 'gone';
  return Object.fromEntries(rows.map(({ pid, owned }) => [nameOf(pid), owned]));
}

/** Waits until the regions are shared out like this: how many each process has. */
async function untilShared(expected: Record<string, number>): Promise<Record<string, string[]>> {
  const wanted = JSON.stringify(Object.entries(expected).sort());
  return eventually(async () => {
    const now = await shares();
    const counts = Object.entries(now).map(([name, owned]) => [name, owned.length] as const);
    const text = JSON.stringify(counts.sort(([a], [b]) => a.localeCompare(b)));
    if (text !== wanted) throw new Error(`shared as ${JSON.stringify(now)}`);
    return now;
  }, withinMs);
}

async function ownerOf(region: string): Promise<Member> {
  const now = await untilShared({ 'engine-1': 2, 'engine-2': 2 });
  const found = Object.entries(now).find(([, owned]) => owned.includes(region));
  return cluster.member(found?.[0] ?? '');
}

test('each role is ready in a process of its own', async () => {
  for (const member of cluster.members()) {
    assert.deepEqual(await member.readiness(), { status: 200, reasons: [] }, member.name);
  }
  const rows = await cluster.database.query<{ roles: string[]; internal_url: string | null }>(
    'SELECT roles, internal_url FROM processes',
  );
  const urls = rows.filter(({ internal_url }) => internal_url !== null);
  assert.equal(rows.length, 8);
  assert.deepEqual(
    urls.map(({ internal_url }) => internal_url).sort(),
    engines.map((name) => cluster.member(name).internalUrl).sort(),
  );
});

test('a client that waits hears the decision, whichever processes take part', async () => {
  const answers = await Promise.all(
    apis.flatMap((api) => [...places, undefined].map((place) => book(api, place, nextHour()))),
  );
  for (const { status, body } of answers) assert.equal(status, 201, JSON.stringify(body));
  const hour = nextHour();
  await Promise.all(places.map((place) => book('api-1', place, hour)));
  const refused = await book('api-2', undefined, hour);
  assert.deepEqual([refused.status, refused.body['code']], [409, 'slot-unavailable']);
  const id = String(answers[0]?.body['id']);
  await eventually(async () => {
    const { body } = await clientOf('api-2').appointment(id);
    return body['state'] === 'CONFIRMED';
  });
});

test('two engines share the regions, and what they offer is put together', async () => {
  const now = await untilShared({ 'engine-1': 2, 'engine-2': 2 });
  assert.deepEqual(Object.values(now).flat().sort(), [...regions].sort());
  const hour = nextHour();
  for (const [taken, place] of [...places, undefined].entries()) {
    for (const api of apis) {
      assert.equal(await told(api, hour), places.length - taken);
      if (place !== undefined) assert.equal(await told(api, hour, place), 1);
    }
    if (place === undefined) continue;
    assert.equal((await book('api-1', place, hour)).status, 201);
    for (const api of apis) assert.equal(await told(api, hour, place), 0);
  }
});

test('a process with another secret is told nothing, and clients of it wait all the same', async () => {
  const env = { INTERNAL_SECRET: 'not-what-the-others-have' };
  const stranger = await cluster.join('stranger', { roles: ['gateway', 'api'], env });
  const offer = await offered('stranger', nextHour());
  assert.deepEqual([offer.status, offer.retryAfter], [503, '1']);
  assert.equal((await book('stranger', 'west', nextHour())).status, 201);
  await stranger.kill('SIGTERM');
  assert.match(stranger.logs(), /answered 401/);
  for (const name of engines) {
    const url = `${cluster.member(name).internalUrl}/internal/decisions`;
    for (const authorization of ['', `Bearer ${cluster.key}`]) {
      assert.equal((await fetch(url, { headers: { authorization } })).status, 401);
    }
  }
});

test('an engine that stands still is not believed, during it or after', async () => {
  const owner = await ownerOf('west');
  const other = owner.name === 'engine-1' ? 'engine-2' : 'engine-1';
  const hour = nextHour();
  assert.equal(await told('api-1', hour, 'west'), 1);
  owner.pause();
  const offer = await offered('api-1', hour, 'west');
  assert.deepEqual([offer.status, offer.retryAfter], [503, '1']);
  // Its lease ends, the other takes over, and then has what it had not seen before.
  assert.equal((await book('api-2', 'west', hour)).status, 201);
  assert.equal(await told('api-1', hour), places.length - 1);
  await untilShared({ [other]: regions.length });
  owner.resume();
  const balanced = untilShared({ 'engine-1': 2, 'engine-2': 2 }).then(() => 'balanced' as const);
  while ((await Promise.race([balanced, told('api-1', hour, 'west')])) !== 'balanced') {
    for (const api of apis) assert.equal(await told(api, hour, 'west'), 0, 'a stale yes');
  }
  assert.match(owner.logs(), /region lost to another owner/);
  await eventually(async () => (await owner.readiness()).status === 200);
});

test('nobody who waits is forgotten when an engine is killed', async () => {
  await untilShared({ 'engine-1': 2, 'engine-2': 2 });
  const killed = cluster.member('engine-2');
  const waiting = Array.from({ length: 24 }, (_, index) =>
    book(apis[index % 2] ?? '', places[index % 3], nextHour()),
  );
  await killed.kill();
  for (const { status, body } of await Promise.all(waiting)) {
    assert.equal(status, 201, JSON.stringify(body));
  }
  await untilShared({ 'engine-1': regions.length });
  const hour = nextHour();
  for (const api of apis) assert.equal(await told(api, hour), places.length);
  await killed.restart();
  await untilShared({ 'engine-1': 2, 'engine-2': 2 });
});

test('an engine that comes gets its share and gives it back when it goes', async () => {
  const mixed = await cluster.join('mixed', { roles: ['gateway', 'api', 'engine'] });
  const counts = await eventually(async () => {
    const now = Object.values(await shares()).map((owned) => owned.length);
    return now.length === 3 && now.reduce((sum, count) => sum + count, 0) === 4 ? now : undefined;
  }, withinMs);
  assert.deepEqual(counts.sort(), [1, 1, 2]);
  const hour = nextHour();
  assert.equal(await told('mixed', hour), places.length, 'its own and the others’');
  for (const place of places) assert.equal((await book('mixed', place, hour)).status, 201);
  assert.equal(await told('api-1', hour), 0);
  assert.equal(await told('mixed', hour), 0);
  await mixed.kill('SIGTERM');
  await untilShared({ 'engine-1': 2, 'engine-2': 2 });
  assert.equal(await told('api-2', nextHour()), places.length);
});

test('a worker and a relay that are killed are made up for by the others', async () => {
  const victims = ['worker-1', 'relay-1'].map((name) => cluster.member(name));
  const begun = places.map((place) => book('api-1', place, nextHour()));
  await Promise.all(victims.map((member) => member.kill()));
  const answers = await Promise.all([...begun, book('api-2', 'west', nextHour())]);
  await awaitQuiet(cluster.database.url, 60_000);
  for (const { body } of answers) {
    const now = await clientOf('api-2').appointment(String(body['id']));
    assert.equal(now.body['state'], 'CONFIRMED');
  }
  await Promise.all(victims.map((member) => member.restart()));
});

test('after all of it every guarantee holds', async () => {
  await awaitQuiet(cluster.database.url, 60_000);
  const violations = await checkAll({ databaseUrl: cluster.database.url, ledger });
  assert.ok(violations.length === 0, describeViolations(violations));
});

test('without internal ports clients wait by the database, and availability says why not', async () => {
  const roles = ['gateway', 'api'] as const;
  const apart = await startCluster({
    members: { api: { roles }, engine: { roles: ['engine'], internalPort: false } },
  });
  try {
    const client = new Client({ url: apart.member('api').url, key: apart.key, retryForMs: 0 });
    await putPlace(client, 'west');
    const body = { ...createBody({ hour: 1 }), idempotency_key: randomUUID() };
    assert.equal((await client.create(body, { wait: 30 })).status, 201);
    const { start_time: from, end_time: to } = body.slot;
    const query = new URLSearchParams({ service_type: 'consultation', from, to });
    const answer = await client.get(`/v1/availability?${query}`);
    assert.equal(answer.status, 503);
    assert.match(String(answer.body['detail']), /INTERNAL_PORT is not set/);
    client.close();
  } finally {
    await apart.close();
  }
});
