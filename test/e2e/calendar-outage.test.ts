import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { startCalendars, type Calendars } from '../support/calendars.ts';
import { awaitQuiet } from '../support/checker/await-quiet.ts';
import { checkAll } from '../support/checker/check-all.ts';
import { Ledger } from '../support/checker/ledger.ts';
import { describeViolations } from '../support/checker/violation.ts';
import { Client } from '../support/client.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import type { FaultShare } from '../support/fault-proxy.ts';
import { createBody, putCatalogue, seeded, slotAt } from '../support/load.ts';
import { peer } from '../support/peer.ts';
import { startService, type Service } from '../support/service.ts';

// Small by default; SAGA_APPOINTMENTS=1000 SAGA_OUTAGE_SECONDS=60 is the run that the docs tell of.
const appointments = Number(process.env['SAGA_APPOINTMENTS'] ?? 40);
const outageSeconds = Number(process.env['SAGA_OUTAGE_SECONDS'] ?? 6);
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const retry = { baseMs: 100, capMs: 2_000, maxAttempts: 12 };
const breaker = { openMs: 1_000, probes: 2 };
// Radicale looks at all that a calendar holds for each question.
const people = Math.max(4, Math.ceil(appointments / 25));

const faults: FaultShare[] = [
  { fault: { kind: 'answer-dropped', then: 'reset' }, probability: 0.08, only: /^(PUT|DELETE)/ },
  { fault: { kind: 'answer-dropped', then: 'hang' }, probability: 0.04, only: /^(PUT|DELETE)/ },
  { fault: { kind: 'reset' }, probability: 0.05 },
  {
    fault: { kind: 'answered', with: 'HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n' },
    probability: 0.05,
  },
  { fault: { kind: 'latency', ms: 120 }, probability: 0.2 },
];

const radicale = peer('radicale');
let store: TestDatabase;
let service: Service;
let calendars: Calendars;
let client: Client;
const ledger = new Ledger();
const ends: (() => unknown)[] = [];

describe('Calendars that are slow, wrong and away', { skip: radicale.skip }, () => {
  before(open, { timeout: 120_000 });
  after(async () => {
    for (const end of ends.reverse()) await end();
  });

  test('bookings come out right all the same, and only their own wait', async (t) => {
    const random = seeded(seed);
    t.diagnostic(`seed ${seed}`);
    calendars.proxy.use(...faults);
    const load = bookAll(random);
    await eventually(() => ledger.entries.length > appointments / 2, 120_000);
    const attempts = await outage();
    calendars.proxy.use(...faults);
    await load;
    calendars.proxy.heal();
    const healedAt = performance.now();
    await awaitQuiet(store.url, 60_000);
    t.diagnostic(`all final ${Math.round(performance.now() - healedAt)} ms after healing`);
    t.diagnostic(`${attempts} attempts in ${outageSeconds} s with the breaker open`);
    const calendarEvents = await calendars.allEvents();
    const violations = await checkAll({ databaseUrl: store.url, ledger, calendarEvents, retry });
    assert.ok(violations.length === 0, describeViolations(violations));
    const states = await store.query(
      'SELECT state, reason, count(*)::int FROM appointments GROUP BY 1, 2 ORDER BY 1, 2',
    );
    t.diagnostic(JSON.stringify(states));
  });
});

async function open(): Promise<void> {
  store = await freshDatabase();
  ends.push(() => store.drop());
  calendars = await startCalendars(radicale.url);
  ends.push(() => calendars.close());
  service = await startService({
    databaseUrl: store.url,
    env: {
      ...{ EGRESS_ALLOW: '127.0.0.0/8', LOG_LEVEL: 'warn' },
      ...{ RETRY_BASE_MS: String(retry.baseMs), RETRY_CAP_MS: String(retry.capMs) },
      CALL_POLICIES: `caldav.open_ms=${breaker.openMs},caldav.open_cap_ms=${breaker.openMs}`,
    },
  });
  ends.push(() => service.close());
  client = new Client({ url: service.url, key: service.key, ledger });
  ends.push(() => client.close());
  // Two more without a calendar, at the same place.
  await putCatalogue(client, { resources: people + 2 });
  for (let index = 0; index < people; index += 1) {
    const id = `resource-${index}`;
    const { body } = await client.get(`/v1/resources/${id}`);
    const whole = Object.fromEntries(
      Object.entries(body).filter(([name]) => !['id', 'created_at', 'updated_at'].includes(name)),
    );
    const calendar = await calendars.add(id);
    const put = await client.put(`/v1/resources/${id}`, { ...whole, calendar });
    assert.equal(put.status, 200, JSON.stringify(put.body));
  }
}

/** Some booked by name, some moved to another time, some to whoever has time, some cancelled. */
async function bookAll(random: () => number): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < appointments) {
      const hour = next++;
      const resource = random() < 0.5 ? { resource: Math.floor(random() * people) } : {};
      const { status, body } = await client.create(createBody({ hour, ...resource }), { wait: 5 });
      if (status >= 300) continue;
      await sleep(random() * 400);
      await change(String(body['id']), { random, hour });
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

async function change(
  id: string,
  { random, hour }: { random: () => number; hour: number },
): Promise<void> {
  const lot = random();
  if (lot < 0.35) {
    const slot = slotAt(appointments + hour);
    await client.update(id, { idempotency_key: randomUUID(), slot }, { wait: 5 });
  }
  if (lot > 0.2 && lot < 0.5) await client.cancel(id, randomUUID(), { wait: 5 });
}

/** Nobody answers for a while; meanwhile bookings without a calendar are confirmed. */
async function outage(): Promise<number> {
  calendars.proxy.use({ kind: 'refuse' });
  await eventually(isOpen, 30_000);
  const [{ now: from } = { now: '' }] = await store.query<{ now: string }>('SELECT now()::text');
  const until = performance.now() + outageSeconds * 1_000;
  for (let hour = 0; performance.now() < until; hour += 1) {
    const { body } = await client.create(
      createBody({ hour: 3 * appointments + hour, resource: people }),
      { wait: 5 },
    );
    const path = `/v1/appointments/${String(body['id'])}`;
    await eventually(async () => (await client.get(path)).body['state'] === 'CONFIRMED');
    await sleep(250);
  }
  const [spent] = await store.query<{ count: number }>(
    `SELECT count(*)::int FROM saga_steps WHERE started_at > $1 AND step <> 'confirm'`,
    [from],
  );
  const attempts = spent?.count ?? 0;
  const periods = Math.ceil((outageSeconds * 1_000) / breaker.openMs) + 2;
  assert.ok(attempts <= breaker.probes * periods, `${attempts} attempts in ${periods} periods`);
  return attempts;
}

async function isOpen(): Promise<boolean> {
  const text = await (await fetch(`${service.adminUrl}/metrics`)).text();
  return /^slotwright_breakers\{provider="caldav",state="open"\} [1-9]/m.test(text);
}
