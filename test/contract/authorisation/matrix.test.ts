import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { OwnEngine } from '../../../src/contract/engine-link.ts';
import type { DecisionReaders } from '../../../src/engine/decision-readers.ts';
import { internalRoutes } from '../../../src/engine/internal-routes.ts';
import { adminServerRoutes } from '../../../src/gateway/admin-server.ts';
import { createMetrics } from '../../../src/io/metrics.ts';
import type { Observed } from '../../support/openapi-check.ts';
import { callers, customers, sights, type Caller, type Sight } from './callers.ts';
import { matrix, type Outcome, type Row } from './matrix.ts';
import { probes, type Probe } from './probes.ts';
import { openScene, type Scene } from './scene.ts';
import { isWithin, type Known, type Target } from './scenery.ts';
import type { Sent } from './wire.ts';

let opened: Scene | undefined;
let scene: Scene;
let cells = 0;
const everything: Sight = { tenant: null, customer: null, resource: null };
before(async () => (scene = opened = await openScene()));
after(() => opened?.close());

/** One call by one caller, and what is declared of it. */
interface Cell {
  caller: Caller;
  credentials: string | null;
  probe: Probe;
  outcome: Outcome;
  on: Target;
}

test('every call of every port has its row, and every row a call', () => {
  const notReady = (): string[] => [];
  const ports = {
    admin: adminServerRoutes({ metrics: createMetrics(), notReady }),
    internal: internalRoutes({} as OwnEngine, {} as DecisionReaders),
  };
  const mounted = Object.entries(ports).flatMap(([port, routes]) =>
    routes.map(({ method, path }) => `${method} ${port}-port${path}`),
  );
  const declared = [...new Set(matrix.map(({ route }) => route))];
  assert.deepEqual(declared.sort(), [...scene.wire.described, ...mounted].sort());
  assert.deepEqual(matrix.map(({ name }) => name).sort(), Object.keys(probes).sort());
});

for (const row of matrix) {
  test(`${row.name} is answered to each caller as declared`, () => holds(row));
}

test('the matrix is as large as it says', (t) => {
  t.diagnostic(`${matrix.length} rows, ${cells} cells`);
  assert.ok(cells >= matrix.length * callers.length);
});

async function holds(row: Row): Promise<void> {
  const probe = probes[row.name];
  assert.ok(probe);
  for (const caller of callers) {
    const outcome = row.cells[caller];
    for (const credentials of scene.credentials[caller]) {
      const { shared } = scene.scenery;
      const isServed = outcome === 'yes' && probe.takes !== undefined;
      const on = isServed ? await scene.scenery.fresh(probe.takes!) : shared;
      cells += 1;
      await cellHolds({ caller, credentials, probe, outcome, on }).catch((error: unknown) => {
        throw new Error(`${row.name} by ${caller}: ${(error as Error).message}`, { cause: error });
      });
    }
  }
}

async function cellHolds(cell: Cell): Promise<void> {
  const { probe, on, caller, outcome } = cell;
  const isRefused = typeof outcome === 'number' && outcome >= 400;
  const earlier = isRefused ? await traces() : undefined;
  const sent = probe.send(on, caller);
  const answer = await sendAs(cell, sent);
  keepsSecrets(cell, sent, answer);
  if (typeof outcome === 'number') {
    assert.equal(answer.status, outcome, String(answer.body));
  } else served(cell, answer);
  if (isRefused) assert.deepEqual(await traces(), earlier, 'who is refused leaves no trace');
  if (outcome === 404) await isLikeNothing(cell, answer);
  if (sent.call.startsWith('GET ') && probe.streams === undefined) await isLikeHead(cell, answer);
}

function sendAs({ probe, caller, credentials, outcome, on }: Cell, sent: Sent): Promise<Observed> {
  const { wire, scenery } = scene;
  if (probe.streams === undefined) return wire.send(sent, credentials);
  // Whoever is served reads until the last of its own events is there.
  const last = caller === 'away' ? scenery.elsewhere : on.appointment;
  return wire.stream(sent, credentials, typeof outcome === 'number' ? '}' : last);
}

/** Nothing of an answer is for somebody else, but for what the caller itself has sent. */
function keepsSecrets({ caller }: Cell, sent: Sent, answer: Observed): void {
  const text = JSON.stringify([answer.headers, answer.body]);
  const own = JSON.stringify(sent);
  for (const secret of scene.scenery.secrets()) {
    if (secret.isFor(sights[caller]) || own.includes(secret.text)) continue;
    assert.ok(!text.includes(secret.text), `tells ${secret.text}: ${text}`);
  }
}

function served({ caller, probe, outcome, on }: Cell, answer: Observed): void {
  const { status, body } = answer;
  const text = String(body);
  assert.ok(status < 400, text);
  if (outcome === 'none') {
    if (probe.lists !== 'capacity') assert.ok(!text.includes(on.appointment), text);
    return;
  }
  if (probe.shows !== undefined) assert.ok(text.includes(probe.shows(on)), text);
  if (probe.lists === undefined) return;
  if (probe.lists === 'capacity') {
    return assert.match(text, outcome === 'all' ? /"free":2/ : /"free":1/);
  }
  const rows: Record<typeof probe.lists, readonly Known[]> = {
    appointments: scene.scenery.appointments,
    customers: Object.values(customers).map((id) => ({ id, customer: id })),
  };
  const sight = outcome === 'all' ? everything : sights[caller];
  const { filter = () => true } = probe;
  const those = rows[probe.lists].filter((row) => filter(row) && isWithin(sight, row));
  listsThose(text, those, sight);
}

/** All of those and, where the sight is narrow, none beside that are out of it. */
function listsThose(text: string, those: readonly Known[], sight: Sight): void {
  const { items } = JSON.parse(text) as {
    items: { id: string; customer_id?: string; resource_id?: string }[];
  };
  const known = [...scene.scenery.appointments.map(({ id }) => id), ...Object.values(customers)];
  const listed = items.map(({ id }) => id).filter((id) => known.includes(id));
  assert.deepEqual(listed.sort(), those.map(({ id }) => id).sort());
  for (const { id, customer_id: customer = id, resource_id: resource } of items) {
    assert.ok(isWithin(sight, { customer, ...(resource && { resource }) }), id);
  }
}

/** What is not the caller's is answered like what is not there. */
async function isLikeNothing(cell: Cell, answer: Observed): Promise<void> {
  const nothing: Target = { ...cell.on };
  for (const name of ['appointment', 'command', 'customer', 'absence', 'key'] as const) {
    nothing[name] = randomUUID();
  }
  for (const name of ['type', 'location', 'spare', 'resource', 'tenant'] as const) {
    nothing[name] = 'nowhere';
  }
  nothing.updated = { ...nothing.updated, id: randomUUID() };
  nothing.cancelled = { ...nothing.cancelled, id: randomUUID() };
  const like = await sendAs(cell, cell.probe.send(nothing, cell.caller));
  assert.deepEqual(gist(answer), gist(like), 'what is not there is answered in another way');
}

function gist({ status, headers, body }: Observed): object {
  const id = headers['x-request-id'] ?? '';
  const same = { ...headers, date: '', 'x-request-id': '' };
  return { status, headers: same, body: String(body).replace(id, '') };
}

async function isLikeHead(cell: Cell, { status }: Observed): Promise<void> {
  const sent = cell.probe.send(cell.on, cell.caller);
  const head = await scene.wire.send(
    { ...sent, call: sent.call.replace('GET', 'HEAD') },
    cell.credentials,
  );
  assert.deepEqual([head.status, head.body], [status, ''], 'HEAD answers as GET');
}

/** What every change leaves behind. */
async function traces(): Promise<object | undefined> {
  const [row] = await scene.database.query(
    `SELECT (SELECT count(*) FROM commands) AS commands,
      (SELECT count(*) FROM idempotency_keys) AS keys,
      (SELECT count(*) FROM appointments) AS appointments,
      (SELECT jsonb_agg(c ORDER BY customer_id) FROM customers c) AS customers,
      (SELECT jsonb_agg(t ORDER BY tenant_id) FROM tenants t) AS tenants,
      (SELECT count(revoked_at) || ' ' || count(*) FROM api_keys) AS api_keys`,
  );
  return row;
}
