import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import pg from 'pg';
import type { DecidedCommand, Transition } from '../../src/engine/decision.ts';
import { decisionRows } from '../../src/engine/decision-rows.ts';
import type { Hold } from '../../src/engine/placement/timeline.ts';
import { openDatabase, sqlState, type Database } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';
import { writeResource } from '../../src/store/write/catalogue.ts';
import { commitDecisions } from '../../src/store/write/decide.ts';
import { acquireFreeRegions, type RegionLease } from '../../src/store/write/region-lease.ts';
import { netRoles } from '../../src/store/row-security.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { appointment, command } from '../support/decisions.ts';
import { at, resource } from '../support/placement-region.ts';
import { unguardHistory } from '../support/unguard-history.ts';

let store: TestDatabase;
let database: Database;
let lanes: number[] = [];

before(async () => {
  store = await freshDatabase();
  await unguardHistory(store);
  database = openDatabase({
    ...{ url: store.url, applicationName: 'guard', maxConnections: 4 },
    role: netRoles.writer,
  });
  const place = { tenantId: 'default', region: 'default' };
  lanes = (await writeResource(database, place, resource('a', { capacity: 4 }))).lanes;
});
after(async () => {
  await database.close();
  await store.drop();
});
beforeEach(async () => {
  await store.query('TRUNCATE slot_holds, appointments, appointment_history, outbox, commands');
  await store.query(`UPDATE regions SET last_position = 0, owner = NULL`);
});

const insertHold = `INSERT INTO slot_holds (tenant_id, appointment_id, region, resource_id, lane_id,
    busy_start_at, busy_end_at, service_type)
  VALUES ('default', $1, 'default', 'a', $2, to_timestamp($3::float8), to_timestamp($4::float8),
    'x')`;

type Span = [lane: number, start: number, end: number];

function take([lane, start, end]: Span, on: Pick<TestDatabase, 'query'> = store) {
  return on.query(insertHold, [randomUUID(), lane, start, end]);
}

const refused = (error: unknown): boolean => sqlState(error) === '23P01';

const base = at('2030-01-01T00:00:00Z');
const years = ['0001-01-02T00:00:00Z', '1969-12-31T23:00:00Z', '2030-01-01T00:00:00Z'];

test('two holds of a lane may touch but not share a second, in any year', async () => {
  const [lane = 0, next = 0] = lanes;
  assert.equal(next, lane + 1, 'the lane beside it, whose boxes come closest');
  for (const start of [...years.map(at), at('9998-12-31T00:00:00Z')]) {
    await take([lane, start, start + 3_600]);
    await take([lane, start + 3_600, start + 3_601]);
    await take([lane, start - 1, start]);
    await take([next, start, start + 3_600]);
    for (const [from, to] of [
      [0, 1],
      [3_599, 3_600],
      [-100, 1],
      [-1, 4_000],
      [1_800, 1_801],
      [0, 3_600],
    ] as const) {
      await assert.rejects(take([lane, start + from, start + to]), refused, `${from} to ${to}`);
    }
  }
});

test('it agrees with intervals of time on whatever is thrown at it', async () => {
  const spans = Array.from({ length: 2_000 }, (_, index): Span => {
    const start = base + Math.floor(systemRandom.fraction() * 100_000);
    return [lanes[index % 3] ?? 0, start, start + 1 + Math.floor(systemRandom.fraction() * 300)];
  });
  const taken = await store.query<{ n: number }>(
    `WITH wanted AS (
      SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid AS id, n, lane, s, e
      FROM unnest($1::int8[], $2::int8[], $3::int8[]) WITH ORDINALITY AS w (lane, s, e, n)),
    taken AS (
      INSERT INTO slot_holds (tenant_id, appointment_id, region, resource_id, lane_id,
        busy_start_at, busy_end_at, service_type)
      SELECT 'default', id, 'default', 'a', lane, to_timestamp(s), to_timestamp(e), 'x'
      FROM wanted ORDER BY n
      ON CONFLICT DO NOTHING RETURNING appointment_id)
    SELECT n - 1 AS n FROM wanted JOIN taken ON id = appointment_id ORDER BY n`,
    [0, 1, 2].map((column) => spans.map((span) => span[column])),
  );
  const held: number[] = [];
  for (const [index, [lane, start, end]] of spans.entries()) {
    const free = held.every((other) => {
      const [otherLane, from, to] = spans[other] ?? assert.fail();
      return otherLane !== lane || to <= start || end <= from;
    });
    if (free) held.push(index);
  }
  assert.deepEqual(
    taken.map(({ n }) => n),
    held,
  );
  assert.ok(held.length > 300 && held.length < 1_700, `${held.length} of 2000`);
});

test('a hold cannot be moved into another, whoever asks and however', async () => {
  const [lane = 0, other = 0] = lanes;
  await take([lane, base, base + 60]);
  await take([other, base, base + 60]);
  const updates = [`UPDATE slot_holds SET lane_id = ${lane}`];
  const [role] = await store.query<{ on: boolean }>(
    `SELECT current_setting('is_superuser') = 'on' AS on`,
  );
  // Triggers and deferrable constraints are off for replicas; this one is neither.
  if (role?.on === true)
    updates.push(`SET session_replication_role = replica; ${updates[0] ?? ''}`);
  for (const sql of updates) await assert.rejects(store.query(sql), refused, sql);
});

const levels = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'];

for (const level of levels) {
  test(`of two writers who do not see each other one is refused in ${level}`, async () => {
    const [lane = 0] = lanes;
    const [first, second] = [new pg.Client(store.url), new pg.Client(store.url)];
    await Promise.all([first.connect(), second.connect()]);
    try {
      for (const client of [first, second]) {
        await client.query(`BEGIN ISOLATION LEVEL ${level}`);
        await client.query('SELECT count(*) FROM slot_holds');
      }
      await first.query(insertHold, [randomUUID(), lane, base, base + 60]);
      const late = second.query(insertHold, [randomUUID(), lane, base + 59, base + 99]);
      const outcome = assert.rejects(late, (error) => {
        return ['23P01', '40001'].includes(sqlState(error) ?? '');
      });
      await first.query('COMMIT');
      await outcome;
    } finally {
      await Promise.all([first.end(), second.end()]);
    }
  });
}

test('sixteen writers at once leave no overlap and nobody hanging', async () => {
  const clients = await Promise.all(
    Array.from({ length: 16 }, async () => {
      const client = new pg.Client(store.url);
      await client.connect();
      return client;
    }),
  );
  let taken = 0;
  await Promise.all(
    clients.map(async (client, index) => {
      await client.query(
        `SET default_transaction_isolation = '${levels[index % 3]?.toLowerCase() ?? ''}'`,
      );
      for (let i = 0; i < 40; i += 1) {
        const start = base + Math.floor(systemRandom.fraction() * 3_000);
        const lane = lanes[Math.floor(systemRandom.fraction() * 2)];
        try {
          await client.query(insertHold, [randomUUID(), lane, start, start + 100]);
          taken += 1;
        } catch (error) {
          assert.match(sqlState(error) ?? String(error), /^(23P01|40P01|40001)$/);
        }
      }
      await client.end();
    }),
  );
  const overlaps = await store.query(`SELECT FROM slot_holds a JOIN slot_holds b
    ON a.lane_id = b.lane_id AND a.appointment_id < b.appointment_id
      AND a.busy_start_at < b.busy_end_at AND b.busy_start_at < a.busy_end_at`);
  assert.deepEqual(overlaps, []);
  assert.ok(taken > 20, `${taken} holds`);
});

async function own(): Promise<RegionLease> {
  const holder = { processId: randomUUID(), sessionKey: null, leaseSeconds: 60 };
  const [lease] = await acquireFreeRegions(database, holder);
  return lease ?? assert.fail('no region');
}

/** An appointment that holds a lane for an hour, with its buffers. */
async function booked(lane: number, hour: number, bufferAfter = 0): Promise<Hold> {
  const id = systemRandom.uuidV7();
  const start = base + hour * 3_600;
  await store.query(
    `INSERT INTO appointments (tenant_id, appointment_id, version, state, customer_id, start_at,
      end_at, service_type, region, resource_id, created_at, updated_at)
    VALUES ('default', $1, 2, 'SCHEDULED', $2, to_timestamp($3), to_timestamp($3 + 3600), 'x',
      'default', 'a', now(), now())`,
    [id, randomUUID(), start],
  );
  await store.query(insertHold, [id, lane, start, start + 3_600 + bufferAfter]);
  return {
    ...{ appointmentId: id, laneId: lane, resourceId: 'a', start, end: start + 3_600 },
    ...{ bufferBefore: 0, bufferAfter, serviceType: 'x', pin: 'movable', moves: 0 },
  };
}

function move(freed: Hold, to: { laneId?: number; start?: number; end?: number }): Transition {
  const { appointmentId: id, start, end } = freed;
  const before = appointment(id, { version: 2, state: 'SCHEDULED', start, end, resourceId: 'a' });
  const taken = { ...freed, ...to, moves: freed.moves + 1 };
  const after = { ...before, version: 3, start: taken.start, end: taken.end };
  return { before, after, cause: 'move', event: 'reassigned', hold: { freed, taken } };
}

async function commit(lease: RegionLease, transitions: Transition[]): Promise<void> {
  const commandId = systemRandom.uuidV7();
  await store.query(
    `INSERT INTO commands (tenant_id, command_id, operation, region, created_at, actor)
    VALUES ('default', $1, 'update', 'default', now(), 'key:test')`,
    [commandId],
  );
  const [first] = transitions;
  const about = command('update', first?.before ?? null, { id: commandId });
  const decided = { command: about, position: 1, seed: 1, state: 'applied', transitions } as const;
  const rows = decisionRows('default', decided satisfies DecidedCommand);
  await commitDecisions(database, {
    ...{ epoch: 1, ...lease, lastPosition: 0, newPosition: 1, decidedNow: base },
    ...{ catalogueVersion: 0, otherRegions: [] },
    ...{ sagaDeadlineSeconds: 600, transitions: rows.transitions, commands: [rows.command] },
  });
}

test('two bookings swap their lanes in one transaction', async () => {
  const [left = 0, right = 0] = lanes;
  const lease = await own();
  const [a, b] = [await booked(left, 9), await booked(right, 9)];
  await commit(lease, [move(a, { laneId: right }), move(b, { laneId: left })]);
  const rows = await store.query(
    'SELECT appointment_id, lane_id, moves FROM slot_holds ORDER BY lane_id',
  );
  assert.deepEqual(rows, [
    { appointment_id: b.appointmentId, lane_id: left, moves: 1 },
    { appointment_id: a.appointmentId, lane_id: right, moves: 1 },
  ]);
});

test('a booking moves to where another one leaves, and over its own old time', async () => {
  const [lane = 0] = lanes;
  const lease = await own();
  const [a, b] = [await booked(lane, 9), await booked(lane, 10)];
  const later = { start: a.start + 1_800, end: a.end + 1_800 };
  const away = { start: b.start + 7_200, end: b.end + 7_200 };
  await commit(lease, [move(a, later), move(b, away)]);
  const [row] = await store.query('SELECT count(*) n FROM slot_holds');
  assert.deepEqual(row, { n: 2 });
});

test('decisions that overlap by one second of a buffer are refused whole', async () => {
  const [lane = 0, other = 0] = lanes;
  const lease = await own();
  await booked(lane, 9, 600);
  const [free, late] = [await booked(other, 9), await booked(other, 11)];
  const early = { laneId: lane, start: base + 10 * 3_600 + 599, end: base + 11 * 3_600 };
  const moves = [move(free, { start: base, end: base + 60 }), move(late, early)];
  await assert.rejects(commit(lease, moves), refused);
  const [row] = await store.query(
    `SELECT (SELECT last_position FROM regions) AS position,
      (SELECT count(*) FROM appointment_history) AS history,
      (SELECT count(*) FROM outbox) AS events,
      (SELECT count(*) FROM commands WHERE state = 'pending') AS pending`,
  );
  assert.deepEqual(row, { position: 0, history: 0, events: 0, pending: 1 });
});
