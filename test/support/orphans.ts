import assert from 'node:assert/strict';
import { systemRandom } from '../../src/io/random.ts';
import { eventually } from './eventually.ts';
import type { OrphanWorld, Wanted } from './orphan-world.ts';

/** One way to make an orphan, and how it is when it has been healed. */
export interface Orphan {
  /** Ends the sentence that begins with 'is found and healed: '. */
  sentence: string;
  kind: string;
  action: string;
  plant(world: OrphanWorld, wanted: Wanted): Promise<void>;
  /** Asked until it holds. */
  isHealed(world: OrphanWorld, wanted: Wanted): Promise<void>;
}

async function isInState(world: OrphanWorld, { id }: Wanted, state: string): Promise<void> {
  assert.equal(await world.state(id), state);
}

const commandOf = `SELECT state, region, problem ->> 'code' AS code FROM commands
  WHERE appointment_id = $1 AND operation = 'create'`;
const holdOf = `SELECT region, resource_id, lane_id, busy_start_at, busy_end_at,
    buffer_before_seconds, buffer_after_seconds, location, service_type, pin
  FROM slot_holds WHERE appointment_id = $1`;

async function isDecided(world: OrphanWorld, wanted: Wanted): Promise<void> {
  await isInState(world, wanted, 'CONFIRMED 3');
  const commands = await world.store.query(commandOf, [wanted.id]);
  assert.deepEqual(commands, [{ state: 'applied', region: 'default', code: null }]);
}

const lostCommand: Orphan = {
  sentence: 'a booking whose command is lost',
  kind: 'init-without-command',
  action: 'command-restored',
  plant: (world, wanted) =>
    world.acceptThen(wanted, `DELETE FROM commands WHERE appointment_id = '${wanted.id}'`),
  isHealed: isDecided,
};

const appliedInVain: Orphan = {
  sentence: 'a booking that is said to be decided, and is not',
  kind: 'init-without-command',
  action: 'command-reopened',
  plant: (world, wanted) =>
    world.acceptThen(
      wanted,
      `UPDATE commands SET state = 'applied', decided_at = now() WHERE appointment_id = '${wanted.id}'`,
    ),
  isHealed: isDecided,
};

const refusedInVain: Orphan = {
  sentence: 'a booking that was refused and has not failed',
  kind: 'init-without-command',
  action: 'appointment-failed',
  plant: (world, wanted) =>
    world.acceptThen(
      wanted,
      `UPDATE commands SET state = 'refused', decided_at = now(), problem =
        '{"code": "slot-unavailable", "reason": "outside-hours", "proof": "rule"}'
      WHERE appointment_id = '${wanted.id}'`,
    ),
  isHealed: async (world, wanted) => {
    await isInState(world, wanted, 'FAILED 2');
    const [row] = await world.store.query(
      'SELECT reason, proof FROM appointments WHERE appointment_id = $1',
      [wanted.id],
    );
    assert.deepEqual(row, { reason: 'outside-hours', proof: 'rule' });
  },
};

const homeless: Orphan = {
  sentence: 'a command of a region that nobody can own',
  kind: 'command-without-region',
  action: 'command-rehomed',
  plant: (world, wanted) => world.accept(wanted, { region: 'nowhere' }),
  isHealed: isDecided,
};

const aboutNothing: Orphan = {
  sentence: 'a command about an appointment that is gone',
  kind: 'command-without-appointment',
  action: 'command-refused',
  plant: async ({ store }, { id }) => {
    await store.query(
      `INSERT INTO commands (tenant_id, command_id, operation, appointment_id, region, created_at,
        actor) VALUES ('default', $1, 'cancel', $2, 'default', now() - interval '1 minute', 'x')`,
      [systemRandom.uuidV7(), id],
    );
  },
  isHealed: async ({ store }, { id }) => {
    const [command] = await store.query(
      `SELECT state, problem ->> 'code' AS code FROM commands WHERE appointment_id = $1`,
      [id],
    );
    assert.deepEqual(command, { state: 'refused', code: 'not-found' });
    // What is about nothing is a violation, healed or not.
    await store.query('DELETE FROM commands WHERE appointment_id = $1', [id]);
  },
};

const lostSaga: Orphan = {
  sentence: 'a held slot whose saga is lost',
  kind: 'scheduled-without-saga',
  action: 'saga-started',
  plant: async (world, wanted) => {
    await world.scheduled(wanted);
    await world.store.query(`
      WITH task AS (DELETE FROM tasks WHERE appointment_id = '${wanted.id}')
      DELETE FROM sagas WHERE appointment_id = '${wanted.id}'`);
  },
  isHealed: (world, wanted) => isInState(world, wanted, 'CONFIRMED 3'),
};

const lostTask: Orphan = {
  sentence: 'a saga whose task is lost',
  kind: 'saga-without-task',
  action: 'task-restored',
  plant: async (world, wanted) => {
    await world.scheduled(wanted);
    await world.store.query(`DELETE FROM tasks WHERE appointment_id = '${wanted.id}';
      UPDATE sagas SET created_at = created_at - interval '1 minute'
      WHERE appointment_id = '${wanted.id}'`);
  },
  isHealed: (world, wanted) => isInState(world, wanted, 'CONFIRMED 3'),
};

const eventsOf = `SELECT event FROM event_log WHERE appointment_id = $1 ORDER BY position`;

const lostEvent: Orphan = {
  sentence: 'a confirmation that nobody was told of',
  kind: 'state-without-event',
  action: 'event-written',
  plant: async (world, wanted) => {
    await world.loseEvents(wanted.id, 3);
    await world.confirmed(wanted);
  },
  isHealed: async (world, { id }) => {
    const lost = await world.lostEvents(id);
    const rows = await world.store.query<{ event: string }>(eventsOf, [id]);
    assert.deepEqual(
      rows.slice(2).map(({ event }) => event),
      lost,
    );
  },
};

/** The lane of the world's resource is taken for the hour, by nobody. */
const holdSql = `INSERT INTO slot_holds (tenant_id, appointment_id, region, resource_id, lane_id,
    busy_start_at, busy_end_at, service_type)
  SELECT 'default', $1, 'default', resource_id, lane_id, to_timestamp($2), to_timestamp($3),
    'consultation' FROM lanes WHERE resource_id = $4`;

const holdOfNobody: Orphan = {
  sentence: 'a hold of nobody',
  kind: 'hold-without-booking',
  action: 'hold-deleted',
  plant: async ({ store }, { id, start, end, resource }) => {
    await store.query(holdSql, [id, start, end, resource]);
  },
  isHealed: async ({ store }, { id }) => assert.deepEqual(await store.query(holdOf, [id]), []),
};

const holdKept: Orphan = {
  sentence: 'a hold that outlived its cancelled booking',
  kind: 'hold-without-booking',
  action: 'hold-deleted',
  plant: async (world, wanted) => {
    await world.confirmed(wanted);
    await world.api.act(wanted.id, 'cancel');
    await eventually(() => isInState(world, wanted, 'CANCELLED 4').then(() => true));
    await holdOfNobody.plant(world, wanted);
  },
  isHealed: holdOfNobody.isHealed,
};

const lostHold: Orphan = {
  sentence: 'a booking whose hold is lost',
  kind: 'booking-without-hold',
  action: 'hold-restored',
  plant: async (world, wanted) => {
    await world.confirmed(wanted);
    await world.store.query(`
      CREATE TABLE IF NOT EXISTS lost_holds AS SELECT * FROM slot_holds LIMIT 0;
      WITH gone AS (DELETE FROM slot_holds WHERE appointment_id = '${wanted.id}' RETURNING *)
      INSERT INTO lost_holds SELECT * FROM gone`);
  },
  isHealed: async ({ store }, { id }) => {
    const lost = await store.query(holdOf.replace('slot_holds', 'lost_holds'), [id]);
    assert.equal(lost.length, 1);
    assert.deepEqual(await store.query(holdOf, [id]), lost);
  },
};

const failedEvent =
  /"type":"appointment.failed.v1".*"region":"default","position":\d+.*"reason":"no-room"/;

/** Passed over until the second statement: somebody else is quicker. */
const lostPlace: Orphan = {
  sentence: 'a booking whose hold is lost and whose place is taken',
  kind: 'booking-without-hold',
  action: 'appointment-failed',
  plant: async (world, wanted) => {
    await world.confirmed(wanted);
    const { id } = wanted;
    await world.store.query(`
      UPDATE appointments SET updated_at = now() + interval '1 hour' WHERE appointment_id = '${id}';
      DELETE FROM slot_holds WHERE appointment_id = '${id}';
      UPDATE regions SET last_position = last_position + 1`);
    await world.confirmed({ ...wanted, id: systemRandom.uuidV7() });
    await world.store.query(`UPDATE appointments SET updated_at = now() - interval '1 minute'
      WHERE appointment_id = '${id}'`);
  },
  isHealed: async (world, wanted) => {
    await isInState(world, wanted, 'FAILED 4');
    const [event] = await world.store.query<{ event: string }>(
      `SELECT event FROM event_log WHERE appointment_id = $1 AND version = 4`,
      [wanted.id],
    );
    assert.match(event?.event ?? '', failedEvent);
    // That both held it for a while is a violation, healed or not.
    await world.store.query(
      `UPDATE appointment_history SET lane_id = NULL, busy_start_at = NULL, busy_end_at = NULL
      WHERE appointment_id = $1`,
      [wanted.id],
    );
  },
};

export const orphans: readonly Orphan[] = [
  ...[lostCommand, appliedInVain, refusedInVain, homeless, aboutNothing],
  ...[lostSaga, lostTask, lostEvent, holdOfNobody, holdKept, lostHold, lostPlace],
];
