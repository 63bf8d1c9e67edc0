import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openCrashBroker, type CrashBroker } from '../crash/matrix/crash-broker.ts';
import { awaitQuiet } from '../support/checker/await-quiet.ts';
import { checkAll } from '../support/checker/check-all.ts';
import { Ledger } from '../support/checker/ledger.ts';
import { describeViolations } from '../support/checker/violation.ts';
import { Client } from '../support/client.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { createBody, putCatalogue } from '../support/load.ts';
import { peer } from '../support/peer.ts';
import { startService, type Service } from '../support/service.ts';

const { url, skip } = peer('rabbitmq');

let database: TestDatabase;
let broker: CrashBroker;
let way: FaultProxy;
let service: Service;
let client: Client;
const ledger = new Ledger();
const ends: (() => unknown)[] = [];

before(async () => {
  if (skip !== false) return;
  database = await freshDatabase();
  ends.push(() => database.drop());
  broker = await openCrashBroker(url);
  ends.push(() => broker.close());
  way = await startFaultProxy(broker.url);
  ends.push(() => way.close());
  way.use({ kind: 'half-open' });
  service = await startService({ databaseUrl: database.url, env: { BUS_URL: way.url } });
  ends.push(() => service.close());
  client = new Client({ url: service.url, key: service.key, ledger });
  ends.push(() => client.close());
  await putCatalogue(client, { resources: 2 });
});

after(async () => {
  for (const end of ends.reverse()) await end();
});

async function confirmed(hour: number): Promise<string> {
  const { body } = await client.create(createBody({ hour }), { wait: 5 });
  const id = String(body['id']);
  const state = async (): Promise<unknown> => (await client.appointment(id)).body['state'];
  await eventually(async () => (await state()) === 'CONFIRMED');
  return id;
}

/** The value of a metric by its name and labels. */
async function metric(name: string): Promise<number | undefined> {
  const text = await (await fetch(`${service.adminUrl}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.split(' ')[1]);
}

async function isReady(): Promise<boolean> {
  return (await fetch(`${service.adminUrl}/readyz`)).status === 200;
}

function idsOnBus(): string[] {
  return [...new Set(broker.events.map((bytes) => (JSON.parse(bytes) as { id: string }).id))];
}

const versionsOf = (id: string): string[] => [1, 2, 3].map((version) => `${id}:${version}`);

test('without its broker the service starts, books and says what is wrong', { skip }, async () => {
  const ids = [await confirmed(1), await confirmed(2)];
  assert.equal(await isReady(), true);
  await eventually(async () => (await metric('slotwright_bus_up{bus="rabbitmq"}')) === 0, 20_000);
  await eventually(async () => (await metric('slotwright_outbox_depth')) === 6);
  assert.match(service.logs(), /the broker does not answer|ETIMEDOUT/);
  assert.deepEqual(idsOnBus(), []);

  way.heal();
  await eventually(() => idsOnBus().length === 6, 20_000);
  for (const id of ids) {
    const seen = idsOnBus().filter((event) => event.startsWith(id));
    assert.deepEqual(seen, versionsOf(id));
  }
  await eventually(async () => (await metric('slotwright_bus_up{bus="rabbitmq"}')) === 1);
});

test('a broker that goes in the middle costs nothing but time', { skip }, async () => {
  const first = await confirmed(3);
  await eventually(() => idsOnBus().includes(`${first}:3`));
  way.use({ kind: 'half-open' });
  const second = await confirmed(4);
  const cancelled = await client.cancel(first, randomUUID(), { wait: 5 });
  assert.equal(cancelled.status, 200);
  assert.equal(await isReady(), true);
  way.heal();
  await awaitQuiet(database.url, 60_000);
  await eventually(() => [`${first}:4`, `${second}:3`].every((id) => idsOnBus().includes(id)));
  const seen = idsOnBus().filter((id) => id.startsWith(first));
  assert.deepEqual(seen, [...versionsOf(first), `${first}:4`]);
  const violations = await checkAll({ databaseUrl: database.url, ledger });
  assert.ok(violations.length === 0, describeViolations(violations));
  const told = await database.query('SELECT state FROM notifications');
  assert.equal(told.length, 4, 'each confirmation once');
});
