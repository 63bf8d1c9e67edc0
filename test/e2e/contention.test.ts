import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test, type TestContext } from 'node:test';
import { awaitQuiet } from '../support/checker/await-quiet.ts';
import { checkAll } from '../support/checker/check-all.ts';
import { Ledger } from '../support/checker/ledger.ts';
import { describeViolations } from '../support/checker/violation.ts';
import { Client, type Answer, type CreateBody } from '../support/client.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { createBody, putCatalogue } from '../support/load.ts';
import { startService, type Service } from '../support/service.ts';

// RUNS=20 measures; two runs hold the line on every change.
const runs = Number(process.env['RUNS'] ?? 2);
const posts = 1_000;
const ledger = new Ledger();

let database: TestDatabase;
let service: Service;
let client: Client;

// In reverse of the way they came; a set-up that fails half-way still takes back its half.
const ends: (() => unknown)[] = [];

before(async () => {
  database = await freshDatabase();
  ends.push(() => database.drop());
  service = await startService({ databaseUrl: database.url });
  ends.push(() => service.close());
  client = new Client({ url: service.url, key: service.key, ledger, maxSockets: posts });
  ends.push(() => client.close());
});

after(async () => {
  for (const end of ends.reverse()) await end();
});

for (const capacity of [1, 7]) {
  test(`of ${posts} concurrent posts for one slot exactly ${capacity} are accepted`, async (t) => {
    await putCatalogue(client, { resources: 1, capacity });
    for (let run = 0; run < runs; run++) {
      const hour = 100 * capacity + run * 2;
      const answers = await Promise.all(
        Array.from({ length: posts }, () => client.create(createBody({ hour }), { wait: 30 })),
      );
      const accepted = answers.filter(({ status }) => status === 201);
      assert.equal(accepted.length, capacity, tally(answers));
      const refused = answers.filter(({ status, body }) => status === 409 && body['reason']);
      assert.equal(refused.length, posts - capacity, tally(answers));
      t.diagnostic(`run ${run + 1}: ${tally(answers)}`);
    }
  });
}

test('each of 50 keys shared by 200 clients makes one appointment, refuses the rest', async (t) => {
  const keys = 50;
  const clients = 200;
  // Free room for each key, so that every outcome is an appointment that holds its slot.
  const bodies = Array.from({ length: keys }, (_, index) =>
    createBody({ hour: 1_000 + index * 2 }),
  );
  let reused = 0;
  // One key after another: who is refused at once would else be first at every later key.
  for (const body of bodies) {
    const answers = await Promise.all(
      Array.from({ length: clients }, async (_, index): Promise<[CreateBody, Answer]> => {
        const sent = index % 10 === 9 ? { ...body, customer_id: randomUUID() } : body;
        return [sent, await client.create(sent, { wait: 30 })];
      }),
    );
    const taken = answers.filter(([, { status }]) => status === 200 || status === 201);
    const ids = new Set(taken.map(([, answer]) => answer.body['id']));
    assert.equal(ids.size, 1, `${ids.size} appointments for one key`);
    const winner = new Set(taken.map(([sent]) => JSON.stringify(sent)));
    assert.equal(winner.size, 1, 'two contents were accepted under one key');
    const rest = answers.filter(([, { status }]) => status !== 200 && status !== 201);
    assert.ok(
      rest.every(([, { status, body: problem }]) => {
        return status === 422 && problem['code'] === 'idempotency-key-reused';
      }),
      tally(rest.map(([, answer]) => answer)),
    );
    reused += rest.length;
  }
  t.diagnostic(`${keys} keys, ${clients * keys} posts, ${reused} answered 422 as reused`);
  assert.ok(reused > 0);
});

test('afterwards every guarantee holds', async (t: TestContext) => {
  await awaitQuiet(database.url, 60_000);
  const violations = await checkAll({ databaseUrl: database.url, ledger });
  assert.ok(violations.length === 0, describeViolations(violations));
  t.diagnostic(`${ledger.entries.length} requests checked`);
});

function tally(answers: Answer[]): string {
  const counts = new Map<string, number>();
  for (const { status, body } of answers) {
    const name = [status, body['code'], body['reason']].filter(Boolean).join(' ');
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return JSON.stringify(Object.fromEntries(counts));
}
