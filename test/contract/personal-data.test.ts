import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { bound, generatedRequest } from '../support/generated-request.ts';
import { startHostileMailServer } from '../support/hostile-mail-server.ts';
import { seeded } from '../support/load.ts';
import { OpenApiCheck } from '../support/openapi-check.ts';
import { isMarked, marker, withPersonalData } from '../support/personal-marker.ts';
import { rawRequest } from '../support/raw-request.ts';
import { startService, type Service } from '../support/service.ts';
import { booking, freshHour, keyed, person } from '../support/contract-service.ts';

// RUNS=5000 for more; SEED repeats a run.
const runs = Number(process.env['RUNS'] ?? 400);
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

/** Where people's data is kept, and nowhere else. */
const home = [
  'absences.reason',
  'appointment_history.location',
  'appointment_history.reason',
  'appointments.location',
  'appointments.metadata',
  'appointments.reason',
  'commands.payload',
  'customers.email',
  'customers.locale',
  'customers.name',
  'customers.phone',
  'locations.name',
  'resources.name',
  'service_types.name',
  'tenants.name',
];

const agent = new Agent({ keepAlive: true });
let database: TestDatabase;
let proxy: FaultProxy;
let mail: Awaited<ReturnType<typeof startHostileMailServer>>;
let service: Service;
let check: OpenApiCheck;

before(async () => {
  database = await freshDatabase();
  proxy = await startFaultProxy(database.url);
  mail = await startHostileMailServer();
  service = await startService({
    databaseUrl: proxy.url,
    env: {
      ...{ SLOTWRIGHT_EXAMPLE: '1', LOG_LEVEL: 'trace', SMTP_URL: mail.url },
      ...{ RETRY_BASE_MS: '20', RETRY_CAP_MS: '100', RETRY_MAX_ATTEMPTS: '3' },
    },
  });
  check = await OpenApiCheck.of(service.url);
});

after(async () => {
  agent.destroy();
  await service.close();
  await mail.stop();
  await proxy.close();
  await database.drop();
});

async function send(call: string, body?: object): Promise<Record<string, unknown>> {
  const [method = '', path = ''] = call.split(' ');
  const observed = await rawRequest(service.url, agent, {
    ...{ method, path, body: body === undefined ? undefined : JSON.stringify(body) },
    headers: {
      ...{ authorization: `Bearer ${service.key}`, prefer: 'wait=10' },
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
  });
  assert.ok(observed.status < 300, `${call}: ${String(observed.body)}`);
  return JSON.parse(String(observed.body)) as Record<string, unknown>;
}

const about = { name: marker.text, email: marker.email, phone: marker.phone };

test('a person whose mail is refused, and whose bookings end in every way, is served', async () => {
  const customer_id = randomUUID();
  await send(`PUT /v1/customers/${customer_id}`, about);
  await send('PUT /v1/locations/here', { name: marker.text, time_zone: 'UTC' });
  await send('PUT /v1/resources/somebody', person({ name: marker.text }));
  const absence = keyed({ ...freshHour(), reason: marker.text });
  await send('POST /v1/resources/somebody/absences', absence);
  for (const end of ['cancel', 'fail', 'start']) {
    const metadata = { note: marker.text, [marker.word]: marker.phone };
    const made = await send(
      'POST /v1/appointments',
      booking({ customer_id, metadata, resource_id: 'somebody' }),
    );
    const path = `/v1/appointments/${String(made['id'])}`;
    await eventually(async () => (await send(`GET ${path}`))['state'] === 'CONFIRMED');
    await send(`POST ${path}/${end}`, keyed({ reason: marker.text }));
  }
  await eventually(async () => {
    const [row] = await database.query<{ n: string }>(
      `SELECT count(*) AS n FROM notifications WHERE state = 'failed'`,
    );
    return Number(row?.n) >= 1;
  });
  assert.ok(mail.refusals() > 0);
});

test('all calls are made with personal data where it belongs and where not', async (t) => {
  t.diagnostic(`seed ${seed}, ${runs} requests`);
  const random = seeded(seed);
  const statuses = new Map<number, number>();
  const requests = fc.sample(generatedRequest(check.document), { numRuns: runs, seed });
  for (const [index, generated] of requests.entries()) {
    // The database goes away now and then: errors are what tells most.
    if (index % 100 === 50) proxy.cutAll();
    if (index % 100 === 75) proxy.use({ kind: 'answer-dropped', then: 'reset' });
    if (index % 100 === 80) proxy.heal();
    const sent = withPersonalData(bound(generated, new Map(), service.key), random);
    const { status } = await rawRequest(service.url, agent, sent);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  proxy.heal();
  t.diagnostic([...statuses].map(([status, count]) => `${status}: ${count}`).join(', '));
  await eventually(async () => (await send('GET /v1/locations'))['items'] !== undefined);
});

test('none of it is in the logs, the metrics or a table that is not its home', async () => {
  await eventually(async () => (await database.query('SELECT FROM outbox')).length === 0);
  const lines = service.logs().split('\n');
  assert.ok(lines.length > runs / 10, 'the service logs');
  assert.deepEqual(lines.filter(isMarked), []);
  const metrics = await (await fetch(`${service.adminUrl}/metrics`)).text();
  assert.ok(metrics.includes('slotwright_'), metrics);
  assert.deepEqual(metrics.split('\n').filter(isMarked), []);
  const found = await markedColumns();
  assert.deepEqual(
    found.filter((column) => !home.includes(column)),
    [],
  );
  // It would find them: most of what was sent is where it belongs.
  assert.ok(found.includes('customers.email') && found.includes('appointments.metadata'));
});

/** All columns of all tables, as texts, that give the marked person away. */
async function markedColumns(): Promise<string[]> {
  const columns = await database.query<{ table_name: string; column_name: string; text: string }>(
    // What is kept as bytes may be a text: metadata is.
    `SELECT c.table_name, c.column_name, format(
      CASE c.data_type WHEN 'bytea' THEN 'encode(%I, ''escape'')' ELSE '%I::text' END,
      c.column_name) AS text
    FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' ORDER BY 1, 2`,
  );
  assert.ok(columns.length > 100);
  const found: string[] = [];
  for (const { table_name, column_name, text: expression } of columns) {
    const rows = await database.query<{ text: string }>(
      `SELECT ${expression} AS text FROM "${table_name}" WHERE "${column_name}" IS NOT NULL`,
    );
    if (rows.some(({ text }) => isMarked(text))) found.push(`${table_name}.${column_name}`);
  }
  return found;
}
