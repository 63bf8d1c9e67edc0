import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { freshDatabase, type TestDatabase } from '../database.ts';
import { checkAll } from './check-all.ts';
import type { CalendarEvent } from './calendar-event.ts';
import type { Ledger } from './ledger.ts';
import {
  first,
  firstCommand,
  laterEntry,
  plantWorld,
  refusal,
  second,
  secondCommand,
  unguardWorld,
} from './planted-world.ts';
import { describeViolations, type GuaranteeId } from './violation.ts';

// A checker that finds nothing may be blind: every guarantee is broken here, on purpose, in a
// real database, and has to be named.

interface Fault {
  guarantee: GuaranteeId;
  sql?: string;
  seen?: (ledger: Ledger) => void;
  calendarEvents?: readonly CalendarEvent[];
  says: RegExp;
}

const deadProcess = '00000000-0000-4000-8000-0000000000f2';
const stranger = '00000000-0000-7000-8000-0000000000ff';
const of = (id: string): string => `WHERE appointment_id = '${id}'`;
const minute = `interval '1 minute'`;

const withCalendar = `UPDATE resources SET calendar = '{"kind": "caldav"}'`;

/** An attempt at a step of the first appointment's saga. */
function attemptOf(
  step: string,
  direction: 'run' | 'compensate',
  { outcome, attempt = 1 }: { outcome: string; attempt?: number },
): string {
  return `INSERT INTO saga_steps (tenant_id, saga_id, step, direction, attempt, started_at,
      finished_at, outcome)
    SELECT tenant_id, saga_id, '${step}', '${direction}', ${attempt}, now(), now(), '${outcome}'
    FROM sagas ${of(first)}`;
}

const faults: Record<string, Fault> = {
  'two holds that overlap now': {
    guarantee: 'S1',
    sql: `UPDATE slot_holds SET busy_start_at = busy_start_at - interval '50 minutes'
      ${of(second)}`,
    says: /both hold the lane now/,
  },
  'two holds that overlapped for one position and no longer do': {
    guarantee: 'S1',
    sql: `UPDATE appointment_history SET busy_start_at = busy_start_at - interval '1 hour'
        ${of(second)} AND version = 2;
      INSERT INTO appointment_history (tenant_id, appointment_id, version, from_state, to_state,
        cause, start_at, end_at, resource_id, lane_id, busy_start_at, busy_end_at, region, position,
        actor, at)
      SELECT tenant_id, appointment_id, 4, 'CONFIRMED', 'SCHEDULED', 'update', start_at, end_at,
        resource_id, 1, busy_start_at, busy_end_at, region, 3, actor, at
      FROM (SELECT h.tenant_id, h.appointment_id, h.start_at, h.end_at, h.resource_id,
        s.busy_start_at, s.busy_end_at, h.region, h.actor, h.at FROM appointment_history h
        JOIN slot_holds s USING (appointment_id) ${of(second)} AND h.version = 2) AS moved`,
    says: /both held the lane at position 2/,
  },
  'an overlap within a buffer only': {
    guarantee: 'S1',
    sql: `UPDATE slot_holds SET busy_end_at = busy_end_at + interval '20 minutes 1 second',
      buffer_after_seconds = 1801 ${of(first)}`,
    says: /both hold the lane now/,
  },
  'a lane too many': {
    guarantee: 'S1',
    sql: `UPDATE appointments SET start_at = start_at - interval '1 hour' ${of(second)};
      UPDATE slot_holds SET lane_id = 2 ${of(second)}`,
    says: /2 bookings at one instant, with room for 1/,
  },
  'a hold that its history does not tell': {
    guarantee: 'S1',
    sql: `UPDATE slot_holds SET busy_end_at = busy_end_at + ${minute} ${of(first)}`,
    says: /not the one its history tells/,
  },
  'two appointments told for one key': {
    guarantee: 'S2',
    seen: (ledger) => ledger.add(laterEntry({ appointmentId: second, commandId: secondCommand })),
    says: /told 2 appointments/,
  },
  'other content accepted under a used key': {
    guarantee: 'S2',
    seen: (ledger) => ledger.add(laterEntry({ replayed: true }, 'other')),
    says: /2 different contents were accepted/,
  },
  'other content refused for another reason than the key': {
    guarantee: 'S2',
    seen: (ledger) => ledger.add({ ...refusal(409, 'slot-unavailable'), content: 'other' }),
    says: /instead of 422 as reused/,
  },
  'the same content refused as reused': {
    guarantee: 'S2',
    seen: (ledger) => ledger.add(refusal(422, 'idempotency-key-reused')),
    says: /same content was answered 422/,
  },
  'a second appointment that no key knows of': {
    guarantee: 'S2',
    sql: `DELETE FROM idempotency_keys WHERE subject_id = '${second}'`,
    says: /created under no key/,
  },
  'a key stored twice': {
    guarantee: 'S2',
    sql: `INSERT INTO idempotency_keys SELECT * FROM idempotency_keys`,
    says: /stored 2 times/,
  },
  'an acknowledged command that is gone': {
    guarantee: 'S3',
    sql: `DELETE FROM commands WHERE command_id = '${firstCommand}'`,
    says: /an acknowledged create is not there/,
  },
  'an unacknowledged command without its appointment': {
    guarantee: 'S3',
    sql: `INSERT INTO commands (tenant_id, command_id, operation, appointment_id, region,
        created_at, actor)
      VALUES ('default', '${stranger}', 'create', '${stranger}', 'default', now(), 'key:1')`,
    says: /the create's appointment is not there/,
  },
  'a cancel applied without its effect': {
    guarantee: 'S3',
    sql: `INSERT INTO commands (tenant_id, command_id, operation, appointment_id, region, state,
        created_at, decided_at, decided_region, position, actor)
      VALUES ('default', '${stranger}', 'cancel', '${first}', 'default', 'applied', now(), now(),
        'default', 3, 'key:1')`,
    says: /the applied cancel made "" in the history/,
  },
  'a version that a client saw and the history lacks': {
    guarantee: 'S3',
    seen: (ledger) => ledger.add(laterEntry({ version: 4, state: 'IN_PROGRESS' })),
    says: /clients saw it IN_PROGRESS; the history does not/,
  },
  'another slot than the one asked for': {
    guarantee: 'S3',
    sql: `UPDATE appointment_history SET start_at = start_at + ${minute} ${of(first)}
      AND version = 1`,
    says: /slot is not the one asked for/,
  },
  'a row that its history does not lead to': {
    guarantee: 'S3',
    sql: `UPDATE appointments SET state = 'IN_PROGRESS' ${of(first)}`,
    says: /it is IN_PROGRESS, its history ends CONFIRMED/,
  },
  'a version missing in the history': {
    guarantee: 'S4',
    sql: `DELETE FROM appointment_history ${of(first)} AND version = 2`,
    says: /a version before it is missing/,
  },
  'a version without its event': {
    guarantee: 'S4',
    sql: `DELETE FROM event_log ${of(first)} AND version = 2`,
    says: /it has 0 events/,
  },
  'a version with two events': {
    guarantee: 'S4',
    sql: `INSERT INTO outbox (shard, tenant_id, appointment_id, version, type, event, actor)
      SELECT shard, tenant_id, appointment_id, version, type, event, 'worker' FROM event_log
      ${of(first)} AND version = 3`,
    says: /it has 2 events/,
  },
  'a gap in the positions of the log': {
    guarantee: 'S4',
    sql: `UPDATE event_log SET position = position + 10 ${of(first)} AND version > 1`,
    says: /the position before it is missing/,
  },
  'events out of version order': {
    guarantee: 'S4',
    sql: `UPDATE event_log SET position = 5 - position,
      appended_at = appended_at + version * interval '1 second' ${of(first)} AND version > 1`,
    says: /delivered after version 3/,
  },
  'other bytes for the same version': {
    guarantee: 'S4',
    sql: `UPDATE event_log SET event = event || ' ' ${of(first)} AND version = 3`,
    says: /seen with different bytes/,
  },
  'an event that a reader never got': {
    guarantee: 'S4',
    seen: (ledger) => ledger.deliveredEvents.pop(),
    says: /a reader never got it/,
  },
  'a cursor past the end': {
    guarantee: 'S4',
    sql: `INSERT INTO consumer_cursors VALUES ('notifications', 1, 4)`,
    says: /past the end at 3/,
  },
  'an event without its version': {
    guarantee: 'S5',
    sql: `INSERT INTO outbox (shard, tenant_id, appointment_id, version, type, event, actor)
      VALUES (1, 'default', '${first}', 4, 'appointment.started.v1', '{}', 'worker')`,
    says: /there is an event, and no such version/,
  },
  'an event that tells another state': {
    guarantee: 'S5',
    sql: `UPDATE event_log SET event = replace(event, 'CONFIRMED', 'CANCELLED') ${of(first)}`,
    says: /tells another state/,
  },
  'an event before its commit': {
    guarantee: 'S5',
    sql: `UPDATE event_log SET appended_at = appended_at - ${minute} ${of(first)}`,
    says: /its event came before it/,
  },
  'an event that only a reader has': {
    guarantee: 'S5',
    seen: (ledger) =>
      ledger.deliveredEvents.push(
        JSON.stringify({
          id: `${first}:4`,
          subject: first,
          sequence: 4,
          source: '/tenants/default',
        }),
      ),
    says: /a reader got it, it is not there/,
  },
  'a step that the table does not have': {
    guarantee: 'S6',
    sql: `UPDATE appointment_history SET to_state = 'COMPLETED' ${of(first)} AND version = 3`,
    says: /SCHEDULED → COMPLETED is no step of the table/,
  },
  'a final state that was left': {
    guarantee: 'S6',
    sql: `UPDATE appointment_history SET to_state = 'CANCELLED' ${of(first)} AND version = 2;
      UPDATE appointment_history SET from_state = 'CANCELLED' ${of(first)} AND version = 3`,
    says: /it left a final state/,
  },
  'a failure without a reason': {
    guarantee: 'S6',
    sql: `UPDATE appointment_history SET to_state = 'FAILED' ${of(first)} AND version = 3`,
    says: /failed without a reason/,
  },
  'a slot that moved while it was confirmed': {
    guarantee: 'S6',
    sql: `UPDATE appointment_history SET start_at = start_at + ${minute} ${of(first)}
      AND version = 3`,
    says: /its slot changed/,
  },
  'a confirmed appointment that its calendar does not have': {
    guarantee: 'S7',
    sql: withCalendar,
    says: /is CONFIRMED for \d+-\d+ on ann: $/,
  },
  'a reservation at another time': {
    guarantee: 'S7',
    sql: withCalendar,
    calendarEvents: [{ calendar: 'ann', id: `${first}:ann`, start_s: 0, end_s: 1800 }],
    says: /is CONFIRMED for \d+-\d+ on ann: ann 0-1800$/,
  },
  'a reservation in another calendar as well': {
    guarantee: 'S7',
    calendarEvents: [{ calendar: 'bob', id: `${first}:bob`, start_s: 0, end_s: 1800 }],
    says: /on ann and has reservations: bob/,
  },
  'a reservation of an appointment that is cancelled': {
    guarantee: 'S7',
    sql: `UPDATE appointments SET state = 'CANCELLED' ${of(first)}`,
    calendarEvents: [{ calendar: 'ann', id: `${first}:ann`, start_s: 0, end_s: 1800 }],
    says: /it is CANCELLED and has reservations/,
  },
  'a reservation of an appointment that is not there': {
    guarantee: 'S7',
    calendarEvents: [{ calendar: 'ann', id: `${stranger}:ann`, start_s: 0, end_s: 1800 }],
    says: /nobody's reservation/,
  },
  'a call that timed out and was not taken back': {
    guarantee: 'S8',
    sql: `UPDATE appointments SET state = 'CANCELLED' ${of(first)};
      ${attemptOf('reserve', 'run', { outcome: 'ambiguous' })}`,
    says: /was not released after it/,
  },
  'a compensation of what was never done': {
    guarantee: 'S8',
    sql: attemptOf('reserve', 'compensate', { outcome: 'succeeded' }),
    says: /nothing was there to take back/,
  },
  'an attempt that begins right after the last one failed': {
    guarantee: 'S10',
    sql: `${attemptOf('reserve', 'run', { outcome: 'failed' })};
      ${attemptOf('reserve', 'run', { outcome: 'succeeded', attempt: 2 })}`,
    says: /attempt 2 began -?\d+ ms after the last/,
  },
  'an attempt that the journal lacks': {
    guarantee: 'S10',
    sql: `${attemptOf('reserve', 'run', { outcome: 'failed' })};
      ${attemptOf('reserve', 'run', { outcome: 'succeeded', attempt: 3 })}`,
    says: /attempt 1 is missing/,
  },
  'a position given to two commands': {
    guarantee: 'S9',
    sql: `UPDATE commands SET position = 1`,
    says: /2 commands have it/,
  },
  'a write of a deposed engine': {
    guarantee: 'S9',
    sql: `UPDATE appointment_history SET position = 7 ${of(first)} AND version = 2`,
    says: /its command was decided at default 1/,
  },
  'a position that the region has not reached': {
    guarantee: 'S9',
    sql: `UPDATE regions SET last_position = 1`,
    says: /has not got to that position/,
  },
  'a command decided twice': {
    guarantee: 'S9',
    sql: `UPDATE appointment_history SET actor = 'key:1' ${of(first)} AND version = 3`,
    says: /it was decided 2 times/,
  },
  'a step that succeeded twice': {
    guarantee: 'S9',
    sql: `INSERT INTO saga_steps (tenant_id, saga_id, step, direction, attempt, started_at,
        finished_at, outcome)
      VALUES ('default', '${first}', 'confirm', 'run', 2, now(), now(), 'succeeded')`,
    says: /it succeeded 2 times/,
  },
  'an attempt that finished after the next had begun': {
    guarantee: 'S9',
    sql: `UPDATE saga_steps SET finished_at = now() + ${minute}, outcome = 'failed'
        WHERE saga_id = '${first}';
      INSERT INTO saga_steps (tenant_id, saga_id, step, direction, attempt, started_at)
      VALUES ('default', '${first}', 'confirm', 'run', 2, now())`,
    says: /it finished after attempt 2 had begun/,
  },
  'a task that is tried more often than it may be': {
    guarantee: 'S10',
    sql: `INSERT INTO tasks (tenant_id, lane, kind, attempts, actor)
      VALUES ('default', 'notification', 'email', 14, 'worker')`,
    says: /at attempt 14 of 13/,
  },
  'a dead letter of a task that was run more often than it may be': {
    guarantee: 'S10',
    sql: `INSERT INTO dead_letters (tenant_id, task_id, lane, kind, attempts, reason, actor,
        created_at)
      VALUES ('default', 1, 'notification', 'email', 13, 'mail', 'worker', now())`,
    says: /at attempt 13 of 12/,
  },
  'a task that is tried again too soon': {
    guarantee: 'S10',
    sql: `INSERT INTO tasks (tenant_id, lane, kind, attempts, last_delay_ms, actor)
      VALUES ('default', 'notification', 'email', 2, 199, 'worker')`,
    says: /waited 199 ms/,
  },
  'a transition that nobody was told of': {
    guarantee: 'S13',
    sql: `DELETE FROM notifications ${of(first)}`,
    says: /nobody was notified of appointment.confirmed.v1/,
  },
  'a notification recorded twice': {
    guarantee: 'S13',
    sql: `INSERT INTO notifications SELECT * FROM notifications`,
    says: /has 2 notifications of one transition/,
  },
  'a notification about what did not commit': {
    guarantee: 'S13',
    sql: `UPDATE notifications SET version = 9 ${of(first)}`,
    says: /about what did not commit/,
  },
  'a mail sent twice': {
    guarantee: 'S13',
    seen: (ledger) => ledger.mails.push(ledger.mails[0]!),
    says: /one recipient got 2 mails/,
  },
  'a mail that is said to be sent and never came': {
    guarantee: 'S13',
    seen: (ledger) => ledger.mails.pop(),
    says: /said to be sent, and no mail of it has come/,
  },
  'a change of state that no link covers': {
    guarantee: 'S12',
    sql: `DELETE FROM audit_links WHERE ids[1] = '${first}'`,
    says: /no link covers it/,
  },
  'a link of a version that is gone': {
    guarantee: 'S12',
    sql: `DELETE FROM appointment_history ${of(first)} AND version = 2`,
    says: /there is no such version/,
  },
  'a link that was written anew': {
    guarantee: 'S12',
    sql: `UPDATE audit_links SET versions[1] = 2 WHERE ids[1] = '${first}'`,
    says: /not that of what it says/,
  },
  'an admin action that no link covers': {
    guarantee: 'S12',
    sql: `INSERT INTO audit_entries (tenant_id, actor, action, subject)
      VALUES ('default', 'key:1', 'put-tenant', 'default')`,
    says: /no link covers this put-tenant/,
  },
  'a saga that never ended': {
    guarantee: 'L1',
    sql: `UPDATE sagas SET state = 'running', finished_at = NULL ${of(first)}`,
    says: /the create saga is running/,
  },
  'an event left in the outbox': {
    guarantee: 'L2',
    sql: `WITH moved AS (DELETE FROM event_log ${of(first)} AND version = 3 RETURNING *)
      INSERT INTO outbox (shard, tenant_id, appointment_id, version, type, event, actor)
      SELECT shard, tenant_id, appointment_id, version, type, event, 'worker' FROM moved;
      UPDATE outbox_shards SET last_position = 2 WHERE shard = 1`,
    says: /still in the outbox/,
  },
  'a task of an owner that is dead': {
    guarantee: 'L3',
    sql: `INSERT INTO tasks (tenant_id, lane, kind, lease_owner, lease_expires_at, actor)
      VALUES ('default', 'notification', 'email', '${deadProcess}', now() + ${minute}, 'worker')`,
    says: /not among the living processes/,
  },
  'a lease that ran out': {
    guarantee: 'L3',
    sql: `INSERT INTO tasks (tenant_id, lane, kind, lease_owner, lease_expires_at, actor)
      SELECT 'default', 'notification', 'email', process_id, now() - ${minute}, 'worker'
      FROM processes`,
    says: /its lease ran out and nobody freed it/,
  },
  'a key whose command is undecided': {
    guarantee: 'L4',
    sql: `UPDATE commands SET state = 'pending', decided_at = NULL
      WHERE command_id = '${firstCommand}'`,
    says: /the create is undecided/,
  },
  'an appointment in INIT that no command waits for': {
    guarantee: 'L7',
    sql: `UPDATE appointments SET state = 'INIT' ${of(first)}`,
    says: /INIT and no command waits/,
  },
  'an appointment in INIT whose command is undecided': {
    guarantee: 'L7',
    sql: `UPDATE appointments SET state = 'INIT' ${of(first)};
      UPDATE commands SET state = 'pending', decided_at = NULL
      WHERE command_id = '${firstCommand}'`,
    says: /INIT, its command undecided/,
  },
  'an appointment in SCHEDULED without a saga': {
    guarantee: 'L7',
    sql: `UPDATE appointments SET state = 'SCHEDULED' ${of(first)};
      DELETE FROM sagas ${of(first)}`,
    says: /SCHEDULED and no saga/,
  },
  'a holder without its hold': {
    guarantee: 'L7',
    sql: `DELETE FROM slot_holds ${of(first)}`,
    says: /CONFIRMED without a hold/,
  },
  'a hold without its holder': {
    guarantee: 'L7',
    sql: `UPDATE appointments SET state = 'CANCELLED' ${of(first)}`,
    says: /a hold stands without its holder/,
  },
};

let database: TestDatabase;
before(async () => {
  database = await freshDatabase();
  await unguardWorld(database);
});
after(() => database.drop());

test('a world in which everything holds has no violations', async () => {
  const ledger = await plantWorld(database);
  const violations = await checkAll({ databaseUrl: database.url, ledger });
  assert.ok(violations.length === 0, describeViolations(violations));
});

for (const [what, { guarantee, sql, seen, says, calendarEvents = [] }] of Object.entries(faults)) {
  test(`${what} breaks ${guarantee}, and the checker sees it`, async () => {
    const ledger = await plantWorld(database);
    if (sql !== undefined) await database.query(sql);
    seen?.(ledger);
    const violations = await checkAll({ databaseUrl: database.url, ledger, calendarEvents });
    const named = violations.filter((violation) => violation.guarantee === guarantee);
    assert.ok(
      named.some(({ sentence }) => says.test(sentence)),
      describeViolations(violations),
    );
  });
}
