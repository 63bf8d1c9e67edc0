import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { openApi, type ApiAnswer, type ApiFixture } from '../support/api-fixture.ts';
import { run } from '../support/command.ts';
import { allDecided, assertWhole } from '../support/engine-invariants.ts';
import {
  accepting,
  openResource,
  runEngine,
  type Accepting,
  type RunningEngine,
} from '../support/engine-parts.ts';
import { eventually } from '../support/eventually.ts';
import { unguardHistory } from '../support/unguard-history.ts';

const patience = { attempts: 3, firstMs: 30, lastMs: 60 };
const nine = Date.parse('2030-06-03T09:00:00Z');

let fixture: ApiFixture;
let api: Accepting;
let engine: RunningEngine;

before(async () => {
  fixture = await openApi();
  await unguardHistory(fixture.store);
  api = accepting(fixture.store);
  // What the database takes in no form, by appointment and by what would become of it.
  await fixture.store.query(
    `CREATE TABLE cursed (appointment_id uuid, state text);
    CREATE SEQUENCE refusals;
    CREATE FUNCTION refuse_cursed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      IF EXISTS (SELECT FROM cursed c WHERE (c.appointment_id IS NULL
          OR c.appointment_id = NEW.appointment_id) AND NEW.state LIKE c.state) THEN
        PERFORM nextval('refusals');
        RAISE EXCEPTION 'cursed';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER refuse_cursed BEFORE UPDATE ON appointments
      FOR EACH ROW EXECUTE FUNCTION refuse_cursed()`,
  );
});
after(async () => {
  await api.close();
  await fixture.close();
});
beforeEach(async () => {
  await fixture.store.query(`TRUNCATE slot_holds, appointments, appointment_history, outbox,
    commands, tasks, sagas, lanes, resources, locations, dead_letters, cursed CASCADE;
    UPDATE regions SET last_position = 0`);
  engine = await runEngine(fixture.store.url, { patience });
  const main = { id: 'main', name: 'Main', timeZone: 'UTC', region: 'default', active: true };
  await api.put('put-location', { ...main, latitude: null, longitude: null });
  await api.put('put-resource', openResource('a'));
  await allDecided(fixture.store);
});
afterEach(() => engine.close());

const wait = { prefer: 'wait=20' };

function book(body: object, headers: Record<string, string> = {}): Promise<ApiAnswer> {
  return fixture.request({ route: 'POST /v1/appointments', body, headers });
}

function booking(hour: number) {
  const instant = (n: number): string => new Date(nine + n * 3_600_000).toISOString();
  const slot = { start_time: instant(hour), end_time: instant(hour + 1) };
  const ids = { idempotency_key: randomUUID(), customer_id: randomUUID() };
  return { ...ids, slot, service_type: 'consultation' };
}

async function scheduled(hour: number): Promise<string> {
  const { status, body } = await book(booking(hour), wait);
  assert.equal(status, 201, JSON.stringify(body));
  return String(body['id']);
}

function ask(id: string, what: string, body: object = {}): Promise<ApiAnswer> {
  const isStep = what !== 'PATCH';
  const route = isStep ? `POST /v1/appointments/:id/${what}` : 'PATCH /v1/appointments/:id';
  const keyed = { idempotency_key: randomUUID(), ...body };
  return fixture.request({ route, params: { id }, body: keyed, headers: wait });
}

/** From now on the database refuses every step of the appointment to such a state. */
async function curse(id: string | null, state = '%'): Promise<void> {
  await fixture.store.query('INSERT INTO cursed VALUES ($1, $2)', [id, state]);
}

async function lift(): Promise<void> {
  await fixture.store.query('DELETE FROM cursed');
}

interface DeadLetter {
  lane: string;
  kind: string;
  attempts: number;
  reason: string;
}

function deadLetters(): Promise<DeadLetter[]> {
  return fixture.store.query<DeadLetter>(
    `SELECT lane, kind, attempts, reason FROM dead_letters ORDER BY task_id`,
  );
}

/** As an operator does it; answers how many could be. */
async function redrive(): Promise<number> {
  const { store } = fixture;
  const args = ['deadletters', 'redrive', '--all', '--lane', 'command', '--json'];
  const { status, out, err } = await run(args, { DATABASE_URL: store.url });
  assert.equal(status, 0, err);
  await allDecided(store);
  return (JSON.parse(out) as { redriven: string[] }).redriven.length;
}

async function stateOf(id: string): Promise<string> {
  const [row] = await fixture.store.query<{ state: string; version: number }>(
    'SELECT state, version FROM appointments WHERE appointment_id = $1',
    [id],
  );
  return `${row?.state} ${row?.version}`;
}

test('a booking that the database never takes fails in the end, and its key says so', async () => {
  await curse(null, 'SCHEDULED');
  const wanted = booking(0);
  const refused = await book(wanted, wait);
  const { code, reason, conflicts, alternatives } = refused.body;
  assert.deepEqual(
    [refused.status, code, reason, conflicts, alternatives],
    [409, 'slot-unavailable', 'deadline', [], []],
  );
  const again = await book(wanted);
  assert.deepEqual([again.status, again.body['state']], [200, 'FAILED']);
  assert.equal(again.headers?.['idempotency-replayed'], 'true');
  const waited = await book(wanted, wait);
  assert.equal(waited.headers?.['command-id'], refused.headers?.['command-id']);
  await lift();
  await scheduled(0);
  const [letter] = await deadLetters();
  assert.deepEqual(
    [letter?.lane, letter?.kind, letter?.attempts, letter?.reason],
    ['command', 'create', 3, 'P0001: cursed'],
  );
  const given = /slotwright_commands_given_up_total{operation="create"} 1/;
  assert.match(await engine.metrics.registry.metrics(), given);
  assert.equal(await redrive(), 0, 'what has failed is not asked for again');
  await assertWhole(fixture.store);
});

test('what is never taken of an appointment is refused, what comes behind goes on', async () => {
  const [id, other] = [await scheduled(0), await scheduled(1)];
  await curse(id, 'CANCELLED');
  const cancelled = ask(id, 'cancel');
  const pending = `SELECT FROM commands WHERE operation = 'cancel' AND state = 'pending'`;
  await eventually(async () => (await fixture.store.query(pending)).length === 1);
  const behind = [ask(id, 'PATCH', { metadata: { n: 1 } }), ask(other, 'cancel')];
  const [refused, described, elsewhere] = await Promise.all([cancelled, ...behind]);
  const { code, state, allowed } = refused.body;
  assert.deepEqual(
    [refused.status, code, state, allowed],
    [409, 'illegal-transition', 'SCHEDULED', ['update', 'fail']],
  );
  assert.deepEqual([described?.status, elsewhere?.status], [200, 200]);
  assert.equal(await stateOf(id), 'SCHEDULED 3');
  await lift();
  assert.equal(await redrive(), 1);
  assert.equal(await stateOf(id), 'CANCELLED 4');
  assert.deepEqual(await deadLetters(), []);
  const [row] = await fixture.store.query<{ state: string }>(
    'SELECT state FROM commands WHERE command_id = $1',
    [refused.headers?.['command-id']],
  );
  assert.equal(row?.state, 'refused', 'the outcome that was told stands');
  await assertWhole(fixture.store);
});

test('a new time that is never taken leaves the old one held', async () => {
  const id = await scheduled(0);
  await curse(id);
  const { slot } = booking(5);
  const { status, body } = await ask(id, 'PATCH', { slot });
  assert.deepEqual([status, body['code'], body['reason']], [409, 'slot-unavailable', 'deadline']);
  await lift();
  const taken = await book(booking(0), wait);
  assert.deepEqual([taken.status, taken.body['reason']], [409, 'no-room']);
  await scheduled(5);
  await assertWhole(fixture.store);
});

test('a booking whose end is not taken either is decided, and can be redriven', async () => {
  await curse(null);
  const refused = await book(booking(0), wait);
  assert.deepEqual([refused.status, refused.body['code']], [409, 'slot-unavailable']);
  const id = String(refused.body['appointment_id']);
  assert.equal(await stateOf(id), 'INIT 1');
  const cancel = await ask(id, 'cancel');
  assert.deepEqual([cancel.status, cancel.body['state']], [409, 'INIT']);
  const kinds = (await deadLetters()).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['create', 'cancel']);
  await lift();
  assert.equal(await redrive(), 2);
  assert.equal(await stateOf(id), 'CANCELLED 3');
  await assertWhole(fixture.store);
});

test('a change of the catalogue that cannot be decided is refused like any other', async () => {
  const id = await api.put('put-resource', null);
  await allDecided(fixture.store);
  const [row] = await fixture.store.query<{ state: string; code: string }>(
    `SELECT state, problem ->> 'code' AS code FROM commands WHERE command_id = $1`,
    [id],
  );
  assert.deepEqual(row, { state: 'refused', code: 'validation-failed' });
  const letters = await deadLetters();
  assert.deepEqual(
    letters.map(({ kind, attempts }) => [kind, attempts]),
    [['put-resource', 3]],
  );
  await scheduled(0);
  await assertWhole(fixture.store);
});

test('a hold that no loading explains ends the booking that it stands in the way of', async () => {
  await fixture.store.query(
    `INSERT INTO slot_holds (tenant_id, appointment_id, region, resource_id, lane_id, busy_start_at,
      busy_end_at, service_type)
    SELECT 'default', gen_random_uuid(), 'elsewhere', 'a', lane_id, to_timestamp($1),
      to_timestamp($1 + 3600), 'x' FROM lanes`,
    [nine / 1_000],
  );
  const refused = await book(booking(0), wait);
  assert.deepEqual([refused.status, refused.body['reason']], [409, 'deadline']);
  await scheduled(1);
  const [letter] = await deadLetters();
  assert.match(letter?.reason ?? '', /^23P01: .*no_overlap/);
});

test('where nothing at all is taken the command waits, and is decided once it can be', async () => {
  const { store } = fixture;
  await store.query('ALTER TABLE dead_letters ADD CONSTRAINT shut CHECK (false) NOT VALID');
  await curse(null, 'SCHEDULED');
  const [id = ''] = await api.create({ start: nine / 1_000, end: nine / 1_000 + 3_600 });
  const tried = async (): Promise<number> => {
    const [row] = await store.query<{ n: number }>('SELECT last_value AS n FROM refusals');
    return row?.n ?? NaN;
  };
  const before = await tried();
  await eventually(async () => (await tried()) > before + patience.attempts + 2);
  assert.equal(await stateOf(id), 'INIT 1');
  assert.equal(engine.ready(), undefined);
  await lift();
  await allDecided(store);
  await store.query('ALTER TABLE dead_letters DROP CONSTRAINT shut');
  assert.equal(await stateOf(id), 'SCHEDULED 2');
  await assertWhole(store);
});
