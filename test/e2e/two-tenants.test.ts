import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { awaitQuiet } from '../support/checker/await-quiet.ts';
import { Client, type Answer } from '../support/client.ts';
import { person } from '../support/contract-service.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { readByCursor, readByStream, type EventReader } from '../support/event-readers.ts';
import { eventually } from '../support/eventually.ts';
import { createBody, seeded, slotAt } from '../support/load.ts';
import { startService, type Service } from '../support/service.ts';

// Two tenants whose places, resources, customers, keys and requests are all the same, each step
// taken by both at the same time. What is one's own bears its mark. SECONDS=60 measures.
const seconds = Number(process.env['SECONDS'] ?? 5);
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
// A slow machine takes longer, so that every step still comes up.
const fewest = 600;
const pairs = 8;
const resources = 3;
const customers = Array.from({ length: 20 }, () => randomUUID() as string);
const scopes = [
  ...['appointments:read', 'appointments:write', 'catalogue:write', 'events:read', 'admin'],
];

interface Booked {
  id: string;
  command: string;
  body: ReturnType<typeof createBody>;
}

interface Tenant {
  id: 'red' | 'blue';
  mark: string;
  key: string;
  client: Client;
  booked: Booked[];
  /** Every UUID that any answer has told. */
  told: Set<string>;
  /** Answers by step and status. */
  counts: Map<string, number>;
  readers: EventReader[];
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const ends: (() => unknown)[] = [];
let database: TestDatabase;
let service: Service;
let tenants: [Tenant, Tenant];

before(async () => {
  database = await freshDatabase();
  ends.push(() => database.drop());
  service = await startService({ databaseUrl: database.url });
  ends.push(() => service.close());
  tenants = [await openTenant('red'), await openTenant('blue')];
});

after(async () => {
  for (const end of ends.reverse()) await end();
});

async function openTenant(id: Tenant['id']): Promise<Tenant> {
  const mark = `mark-of-${id}-${randomBytes(6).toString('hex')}`;
  const key = `hammer-${randomBytes(12).toString('hex')}`;
  const spanning = new Client({ url: service.url, key: service.key });
  await spanning.put(`/v1/admin/tenants/${id}`, { name: mark });
  spanning.close();
  await database.query(
    `INSERT INTO api_keys (tenant_id, key_id, prefix, hash, scopes)
    VALUES ($1, $2, 'hammer', $3, $4)`,
    [id, randomUUID(), createHash('sha256').update(key).digest(), scopes],
  );
  const client = new Client({ url: service.url, key, tenant: id });
  ends.push(() => client.close());
  const place = { name: `Here ${mark}`, time_zone: 'UTC' };
  await eventually(
    async () => (await client.put('/v1/locations/here', place)).status < 300,
    20_000,
  );
  for (let index = 0; index < resources; index += 1) {
    const body = person({ name: `Somebody ${mark}` });
    const { status } = await client.put(`/v1/resources/resource-${index}`, body);
    assert.equal(status, 201);
  }
  for (const customer of customers) {
    await client.put(`/v1/customers/${customer}`, { name: `Customer ${mark}` });
  }
  const [told, counts] = [new Set<string>(), new Map<string, number>()];
  return { id, mark, key, client, booked: [], told, counts, readers: [] };
}

/** One step, the same for both tenants, with the same key. */
interface Step {
  name: string;
  take(own: Tenant, other: Tenant): Promise<Answer | undefined>;
}

/** What a step draws by lot before both take it. */
interface Lot {
  turn: number;
  key: string;
  customer: string;
  wait: { wait?: number };
  /** One of those that the tenant has booked. */
  one(tenant: Tenant): Booked | undefined;
}

function anyStep(random: () => number, turn: number): Step {
  const share = random();
  const lot: Lot = {
    ...{ turn, key: randomUUID(), customer: customers[turn % customers.length]! },
    wait: random() < 0.5 ? { wait: 20 } : {},
    one: ({ booked }) => booked[Math.floor(share * booked.length)],
  };
  const create: Step = { name: 'create', take: (own) => book(own, lot) };
  const kinds = [() => [create], ownSteps, readingSteps, foreignSteps];
  const steps = kinds[Math.floor(random() * kinds.length)]?.(lot) ?? [];
  return steps[Math.floor(random() * steps.length)] ?? create;
}

/** An hour that nobody else in the tenant asks for: only the other tenant could be in the way. */
async function book(own: Tenant, { turn, key, customer, wait }: Lot): Promise<Answer> {
  const hour = Math.floor(turn / resources);
  const body = {
    ...createBody({ hour, resource: turn % resources, key }),
    ...{ customer_id: customer, location: 'here', metadata: { mark: own.mark } },
  };
  const answer = await own.client.create(body, wait);
  assert.equal(answer.status, wait.wait === undefined ? 202 : 201, JSON.stringify(answer));
  const { 'command-id': command = '' } = answer.headers;
  own.booked.push({ id: String(answer.body['id']), command, body });
  return answer;
}

/** What is done with one's own. */
function ownSteps({ turn, key, wait, one }: Lot): Step[] {
  const onOne = (name: string, take: (own: Tenant, booked: Booked) => Promise<Answer>): Step => ({
    name,
    take: async (own) => {
      const booked = one(own);
      return booked && (await take(own, booked));
    },
  });
  return [
    onOne('create again', ({ client }, { body }) => client.create(body, wait)),
    onOne('reuse a key', ({ client, mark }, { body }) =>
      client.create({ ...body, metadata: { mark, other: true } }),
    ),
    onOne('look', ({ client }, { id }) => client.appointment(id)),
    onOne('timeline', ({ client }, { id }) => client.get(`/v1/appointments/${id}/timeline`)),
    onOne('command', ({ client }, { command }) => client.command(command)),
    onOne('reschedule', ({ client }, { id }) => {
      const slot = slotAt(10_000 + Math.floor(turn / resources));
      return client.update(id, { idempotency_key: key, slot }, wait);
    }),
    onOne('describe', ({ client, mark }, { id }) =>
      client.update(id, { idempotency_key: key, metadata: { mark, turn } }, wait),
    ),
    onOne('cancel', ({ client }, { id }) => client.cancel(id, key, wait)),
    onOne('fail', ({ client, mark }, { id }) =>
      client.post(`/v1/appointments/${id}/fail`, { idempotency_key: key, reason: mark }),
    ),
  ];
}

/** What lists and the catalogue tell. */
function readingSteps({ turn, customer }: Lot): Step[] {
  const paths = {
    list: '/v1/appointments?limit=200',
    'list of a customer': `/v1/appointments?customer_id=${customer}`,
    'list on a resource': `/v1/appointments?resource_id=resource-${turn % resources}`,
    resources: '/v1/resources',
    resource: '/v1/resources/resource-0',
    locations: '/v1/locations',
    customer: `/v1/customers/${customer}`,
    customers: '/v1/customers',
    tenants: '/v1/admin/tenants',
    keys: '/v1/admin/keys',
  };
  const reading = Object.entries(paths).map(([name, path]): Step => {
    return { name, take: (own) => own.client.get(path) };
  });
  return [...reading, { name: 'availability', take: availabilityOf(turn) }];
}

/** What is tried on the other's; to be answered as if it were not there. */
function foreignSteps({ key, one }: Lot): Step[] {
  const onOther = (name: string, take: (own: Tenant, booked: Booked) => Promise<Answer>): Step => ({
    name: `${name} of the other`,
    take: async (own, other) => {
      const booked = one(other);
      return booked && refused(await take(own, booked));
    },
  });
  return [
    onOther('look', ({ client }, { id }) => client.appointment(id)),
    onOther('timeline', ({ client }, { id }) => client.get(`/v1/appointments/${id}/timeline`)),
    onOther('command', ({ client }, { command }) => client.command(command)),
    onOther('cancel', ({ client }, { id }) => client.cancel(id, key)),
    onOther('describe', ({ client, mark }, { id }) =>
      client.update(id, { idempotency_key: key, metadata: { mark } }),
    ),
    {
      name: 'tenant of the other',
      take: async ({ client }, { id }) => refused(await client.get(`/v1/admin/tenants/${id}`)),
    },
  ];
}

function refused(answer: Answer): Answer {
  assert.equal(answer.status, 404, JSON.stringify(answer));
  return answer;
}

function availabilityOf(turn: number) {
  const { start_time: from, end_time: to } = slotAt(5_000 + (turn % 100));
  const path = `/v1/availability?service_type=consultation&from=${from}&to=${to}`;
  return async ({ client }: Tenant): Promise<Answer> => {
    const answer = await client.get(path);
    // Nobody ever books there: the other's resources of the same names are not counted in.
    assert.match(JSON.stringify(answer.body), /"free":3/);
    return answer;
  };
}

/** Holds an answer against what is the other's, and remembers what it told. */
function keep(
  own: Tenant,
  other: Tenant,
  { name, answer }: { name: string; answer: Answer },
): void {
  const text = JSON.stringify(answer);
  assert.ok(!text.includes(other.mark), `${own.id} is told of ${other.id}: ${text}`);
  const { id, metadata } = answer.body as { id?: string; metadata?: { mark?: string } };
  if (id !== undefined && metadata !== undefined) assert.equal(metadata.mark, own.mark, text);
  for (const [told] of text.matchAll(uuid)) own.told.add(told);
  const outcome = `${name} ${answer.status}`;
  own.counts.set(outcome, (own.counts.get(outcome) ?? 0) + 1);
}

test('two tenants with the same ids, keys and names: no answer tells one of the other', async (t) => {
  t.diagnostic(`seed ${seed}, ${seconds} s`);
  for (const { readers, client, key } of tenants) {
    readers.push(readByCursor(client), readByStream({ url: service.url, key }));
  }
  const endMs = performance.now() + seconds * 1_000;
  let turns = 0;
  const [red, blue] = tenants;
  const hammer = async (index: number): Promise<void> => {
    const random = seeded(seed + index);
    while (performance.now() < endMs || turns < fewest) {
      const { name, take } = anyStep(random, turns++);
      const [reds, blues] = await Promise.all([take(red, blue), take(blue, red)]);
      if (reds !== undefined) keep(red, blue, { name, answer: reds });
      if (blues !== undefined) keep(blue, red, { name, answer: blues });
    }
  };
  await Promise.all(Array.from({ length: pairs }, (_, index) => hammer(index)));
  await awaitQuiet(database.url, 120_000);
  for (const { readers } of tenants) for (const reader of readers) await reader.stop();
  for (const { id, counts, booked } of tenants) {
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const tally = [...counts].sort().map(([name, count]) => `${name}: ${count}`);
    t.diagnostic(`${id}: ${total} answers, ${booked.length} booked; ${tally.join(', ')}`);
    const taken = new Set([...counts.keys()].map((name) => name.replace(/ \d+$/, '')));
    assert.equal(taken.size, 27, [...taken].join());
  }
});

test('no id that one was told is of a row of the other', async () => {
  const shared = new Set(customers);
  const [red, blue] = tenants;
  const both = [...red.told].filter((id) => blue.told.has(id) && !shared.has(id));
  assert.deepEqual(both, []);
  for (const [own, other] of [
    [red, blue],
    [blue, red],
  ] as const) {
    const rows = await database.query<{ id: string }>(
      `SELECT appointment_id::text AS id FROM appointments WHERE tenant_id = $1
      UNION ALL SELECT command_id::text FROM commands WHERE tenant_id = $1
      UNION ALL SELECT key_id::text FROM api_keys WHERE tenant_id = $1`,
      [other.id],
    );
    assert.ok(rows.length > other.booked.length);
    assert.deepEqual(
      rows.filter(({ id }) => own.told.has(id)),
      [],
    );
  }
});

test('each tenant reads its own events, all of them and no others, by cursor and by stream', async (t) => {
  for (const { id, mark, readers } of tenants) {
    const rows = await database.query<{ name: string }>(
      `SELECT appointment_id || ':' || version AS name FROM event_log WHERE tenant_id = $1`,
      [id],
    );
    for (const { events } of readers) {
      const seen = new Set<string>();
      for (const text of events) {
        const event = JSON.parse(text) as { id: string; source: string };
        assert.equal(event.source, `/tenants/${id}`, text);
        seen.add(event.id);
      }
      assert.deepEqual([...seen].sort(), rows.map(({ name }) => name).sort(), mark);
    }
    t.diagnostic(`${id}: ${rows.length} events, each by cursor and by stream`);
  }
});

test('no row of one holds anything of the other', async (t) => {
  const tables = await database.query<{ name: string; has_appointment: boolean }>(
    `SELECT c.table_name AS name, EXISTS (
        SELECT FROM information_schema.columns a WHERE a.table_schema = 'public'
          AND a.table_name = c.table_name AND a.column_name = 'appointment_id') AS has_appointment
    FROM information_schema.columns c JOIN pg_class p ON p.relname = c.table_name
    WHERE c.table_schema = 'public' AND c.column_name = 'tenant_id' AND p.relkind IN ('r', 'p')
      AND NOT p.relispartition`,
  );
  assert.ok(tables.length > 15);
  let marked = 0;
  for (const { name, has_appointment: isAboutOne } of tables) {
    for (const [own, other] of [tenants, tenants.toReversed() as [Tenant, Tenant]]) {
      // Opaque texts are bytes, which are shown in hex.
      const like = ({ mark }: Tenant): string[] =>
        [mark, Buffer.from(mark).toString('hex')].map((text) => `%${text}%`);
      const [row] = await database.query<{ foreign_rows: number; own_rows: number }>(
        `SELECT count(*) FILTER (WHERE r::text LIKE ANY ($2)) AS foreign_rows,
          count(*) FILTER (WHERE r::text LIKE ANY ($3)) AS own_rows
        FROM ${name} r WHERE tenant_id = $1`,
        [own.id, [...like(other), `%/tenants/${other.id}"%`], like(own)],
      );
      assert.equal(row?.foreign_rows, 0, `${name} of ${own.id}`);
      marked += row.own_rows;
    }
    if (!isAboutOne) continue;
    const strays = await database.query(
      `SELECT r.tenant_id FROM ${name} r JOIN appointments a USING (appointment_id)
      WHERE r.tenant_id <> a.tenant_id LIMIT 1`,
    );
    assert.deepEqual(strays, [], `${name} is about an appointment of another tenant`);
  }
  t.diagnostic(`${tables.length} tables, ${marked} rows with a mark`);
  assert.ok(marked > fewest / 4);
});
