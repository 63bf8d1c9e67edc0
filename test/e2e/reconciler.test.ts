import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { awaitQuiet } from '../support/checker/await-quiet.ts';
import { checkAll } from '../support/checker/check-all.ts';
import { Ledger } from '../support/checker/ledger.ts';
import { describeViolations } from '../support/checker/violation.ts';
import { Client } from '../support/client.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { putCatalogue, runLoad } from '../support/load.ts';
import { orphans } from '../support/orphans.ts';
import { orphanWorld, type OrphanWorld } from '../support/orphan-world.ts';
import { unguardHistory } from '../support/unguard-history.ts';
import { startService, type Service } from '../support/service.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const resources = 3;

let store: TestDatabase;
let service: Service;
let world: OrphanWorld;
let client: Client;
const ledger = new Ledger();
const ends: (() => unknown)[] = [];

before(async () => {
  store = await freshDatabase();
  ends.push(() => store.drop());
  // What an orphan leaves in the history is put right by the test's hand.
  await unguardHistory(store);
  service = await startService({ databaseUrl: store.url });
  ends.push(() => service.close());
  world = await orphanWorld(store);
  ends.push(() => world.close());
  client = new Client({ url: service.url, key: service.key, ledger });
  ends.push(() => client.close());
  await putCatalogue(client, { resources });
});
after(async () => {
  for (const end of ends.reverse()) await end();
});

/** What the service has counted, by the labels as they stand in its metrics. */
async function counts(name: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${service.adminUrl}/metrics`)).text();
  const lines = text.matchAll(
    new RegExp(`^slotwright_orphans_${name}_total\\{(.*)\\} (\\d+)$`, 'gm'),
  );
  return Object.fromEntries([...lines].map(([, labels, value]) => [labels, Number(value)]));
}

/** How long the last look at everything took; 0 before the first has ended. */
async function passSeconds(): Promise<number> {
  const text = await (await fetch(`${service.adminUrl}/metrics`)).text();
  return Number(/^slotwright_reconciler_pass_seconds (\S+)$/m.exec(text)?.[1]);
}

async function isWhole(): Promise<void> {
  await awaitQuiet(store.url);
  const violations = await checkAll({ databaseUrl: store.url, ledger });
  assert.ok(violations.length === 0, describeViolations(violations));
}

test('nothing is taken for an orphan while clients book, move and cancel', async (t) => {
  t.diagnostic(`seed ${seed}`);
  await runLoad({ client, seed, resources, clients: 16, callsEach: 60, hours: 40 });
  await isWhole();
  await eventually(async () => (await passSeconds()) > 0);
  assert.deepEqual(await counts('found'), {});
});

for (const [index, orphan] of orphans.entries()) {
  test(`the service finds and heals ${orphan.sentence}`, async () => {
    const before = await counts('repaired');
    const wanted = world.wanted(index % 2 === 0);
    await orphan.plant(world, wanted);
    await eventually(() => orphan.isHealed(world, wanted).then(() => true));
    await isWhole();
    const labels = `kind="${orphan.kind}",action="${orphan.action}"`;
    const expected = { ...before, [labels]: (before[labels] ?? 0) + 1 };
    assert.deepEqual(await counts('repaired'), expected);
  });
}

test('each was reported in one line that names nobody', () => {
  const lines = service
    .logs()
    .split('\n')
    .filter((line) => line.includes('worker-reconciler'));
  const orphaned = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    orphaned.map(({ kind, action }) => `${String(kind)} ${String(action)}`).sort(),
    orphans.map(({ kind, action }) => `${kind} ${action}`).sort(),
  );
  const told = new Set(orphaned.flatMap((line) => Object.keys(line)));
  const ids = ['tenant', 'appointment_id', 'command_id', 'saga_id'];
  const usual = ['level', 'time', 'service', 'release', 'component', 'kind', 'action', 'msg'];
  assert.deepEqual(
    [...told].filter((name) => ![...ids, ...usual].includes(name)),
    [],
  );
});
