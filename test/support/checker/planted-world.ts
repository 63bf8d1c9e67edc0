import { Ledger, type LedgerAnswer, type LedgerEntry } from './ledger.ts';
import type { TestDatabase } from '../database.ts';
import { unguardHistory } from '../unguard-history.ts';

/** Ids of the two bookings that a planted world holds, and of the resource they share. */
export const first = '00000000-0000-7000-8000-000000000001';
export const second = '00000000-0000-7000-8000-000000000042';
export const firstCommand = '00000000-0000-7000-8000-0000000000c1';
export const secondCommand = '00000000-0000-7000-8000-0000000000c2';

const customer = '00000000-0000-4000-8000-00000000000a';
const dayStart = Date.parse('2031-05-06T08:00:00Z') / 1000;

interface Booking {
  id: string;
  command: string;
  key: string;
  startS: number;
  position: number;
  shard: number;
}

const bookings: Booking[] = [
  { id: first, command: firstCommand, key: 'key-of-the-first-one', position: 1, shard: 1 },
  { id: second, command: secondCommand, key: 'key-of-the-second-one', position: 2, shard: 2 },
].map((booking, index) => ({ ...booking, startS: dayStart + index * 3600 }));

/** Constraints that would refuse what the checker has to see. */
const unguard = `
  ALTER TABLE slot_holds DROP CONSTRAINT no_overlap;
  ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_pkey;
  ALTER TABLE notifications DROP CONSTRAINT notifications_pkey;
  ALTER TABLE appointments DROP CONSTRAINT appointments_check1;`;

const clear = `
  TRUNCATE appointments, appointment_history, slot_holds, lanes, resources, locations, commands,
    idempotency_keys, outbox, event_log, outbox_parked, consumer_cursors, inbox, tasks,
    dead_letters, sagas, saga_steps, notifications, processes, absences, audit_links,
    audit_entries;
  UPDATE outbox_shards SET last_position = 0;
  UPDATE regions SET last_position = 2;
  INSERT INTO locations (tenant_id, location_id, name, time_zone, region)
    VALUES ('default', 'here', 'Here', 'UTC', 'default');
  INSERT INTO resources (tenant_id, resource_id, region, name, service_types, locations, time_zone,
      working_hours, buffer_after_seconds)
    VALUES ('default', 'ann', 'default', 'Ann', '{consultation}', '{here}', 'UTC', '[]', 600);
  INSERT INTO lanes (lane_id, tenant_id, resource_id, ordinal) OVERRIDING SYSTEM VALUE
    VALUES (1, 'default', 'ann', 0), (2, 'default', 'ann', 1);
  INSERT INTO processes (process_id, roles, host, pid, version)
    VALUES ('00000000-0000-4000-8000-0000000000f1', '{worker}', 'here', 1, 'test');`;

/** Takes away what refuses broken rows. Once per database. */
export async function unguardWorld(database: TestDatabase): Promise<void> {
  await database.query(unguard);
  await unguardHistory(database);
}

/** Two bookings, confirmed and told, in which every guarantee holds; and what clients saw of it. */
export async function plantWorld(database: TestDatabase): Promise<Ledger> {
  await database.query([clear, ...bookings.map(bookingSql)].join('\n'));
  const ledger = new Ledger();
  for (const booking of bookings) ledger.add(entryOf(booking));
  ledger.readToTheEnd = true;
  ledger.deliveredEvents.push(...bookings.flatMap((booking) => eventsOf(booking)));
  for (const { id } of bookings) {
    ledger.mails.push({ appointmentId: id, version: 3, recipient: 'ann@example.com' });
  }
  return ledger;
}

/** An entry like that of the first booking, seen later. */
export function laterEntry(answer: Partial<LedgerAnswer>, content?: string): LedgerEntry {
  const entry = entryOf(bookings[0]!);
  return {
    ...entry,
    content: content ?? entry.content,
    startedMs: 100,
    endedMs: 110,
    answer: { ...entry.answer!, ...answer },
  };
}

/** An answer that acknowledges nothing. */
export function refusal(status: number, code: string): LedgerEntry {
  const entry = laterEntry({});
  return { ...entry, answer: { status, code, replayed: false } };
}

export function instant(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

const steps = [
  { from: null, to: 'INIT', name: 'accepted' },
  { from: 'INIT', to: 'SCHEDULED', name: 'scheduled' },
  { from: 'SCHEDULED', to: 'CONFIRMED', name: 'confirmed' },
];

function eventsOf({ id, startS }: Booking): string[] {
  return steps.map(({ to, name }, index) =>
    JSON.stringify({
      specversion: '1.0',
      id: `${id}:${index + 1}`,
      source: '/tenants/default',
      type: `appointment.${name}.v1`,
      subject: id,
      sequence: index + 1,
      data: {
        state: to,
        resource_id: index === 0 ? null : 'ann',
        slot: { start_time: instant(startS), end_time: instant(startS + 1800) },
      },
    }),
  );
}

function bookingSql(booking: Booking): string {
  const { id, command, key, startS, position, shard } = booking;
  const slot = `to_timestamp(${startS}), to_timestamp(${startS + 1800})`;
  const busy = `to_timestamp(${startS}), to_timestamp(${startS + 2400})`;
  const events = eventsOf(booking);
  const rows = steps.map(({ from, to, name }, index) => {
    const hold =
      index === 1 ? `1, ${busy}, 'default', ${position}` : 'NULL, NULL, NULL, NULL, NULL';
    const resource = index === 0 ? 'NULL' : `'ann'`;
    const actor = index === 2 ? 'worker' : 'key:1';
    return `INSERT INTO appointment_history (tenant_id, appointment_id, version, from_state,
        to_state, cause, start_at, end_at, resource_id, lane_id, busy_start_at, busy_end_at, region,
        position, actor, command_id, at)
      VALUES ('default', '${id}', ${index + 1}, ${from === null ? 'NULL' : `'${from}'`}, '${to}',
        '${name}', ${slot}, ${resource}, ${hold}, '${actor}', '${command}', now());
      INSERT INTO event_log (shard, position, tenant_id, appointment_id, version, type, event,
        created_at)
      VALUES (${shard}, ${index + 1}, 'default', '${id}', ${index + 1}, 'appointment.${name}.v1',
        '${events[index]}', now());`;
  });
  return `
    INSERT INTO appointments (tenant_id, appointment_id, version, state, customer_id, start_at,
      end_at, service_type, location, location_known, region, resource_id, created_at, updated_at)
    VALUES ('default', '${id}', 3, 'CONFIRMED', '${customer}', ${slot}, 'consultation', 'here',
      true, 'default', 'ann', now(), now());
    ${rows.join('\n')}
    UPDATE outbox_shards SET last_position = 3 WHERE shard = ${shard};
    INSERT INTO audit_links
    SELECT tenant_id, shard, seq, linked_at, ids, versions, digests, previous, sha256(record_send(
      ROW(1::int2, tenant_id, shard, seq, linked_at, previous, ids, versions, digests)))
    FROM (SELECT tenant_id, ${shard}::int2 AS shard, 1::int8 AS seq, now() AS linked_at,
      array_agg(appointment_id) AS ids, array_agg(version) AS versions,
      array_agg('\\x01'::bytea) AS digests, ''::bytea AS previous
      FROM appointment_history WHERE appointment_id = '${id}' GROUP BY tenant_id) link;
    INSERT INTO commands (tenant_id, command_id, operation, appointment_id, region, state,
      created_at, decided_at, decided_region, position, actor)
    VALUES ('default', '${command}', 'create', '${id}', 'default', 'applied', now(), now(),
      'default', ${position}, 'key:1');
    INSERT INTO idempotency_keys VALUES
      ('default', 'create', '${key}', '\\x00', '${command}', '${id}', 'key:1', now());
    INSERT INTO slot_holds (tenant_id, appointment_id, region, resource_id, lane_id, busy_start_at,
      busy_end_at, buffer_after_seconds, service_type)
    VALUES ('default', '${id}', 'default', 'ann', 1, ${busy}, 600, 'consultation');
    INSERT INTO sagas (tenant_id, saga_id, kind, appointment_id, appointment_version, state, step,
      deadline_at, finished_at)
    VALUES ('default', '${id}', 'create', '${id}', 2, 'done', 'confirm', now(), now());
    INSERT INTO saga_steps (tenant_id, saga_id, step, direction, attempt, started_at, finished_at,
      outcome)
    VALUES ('default', '${id}', 'confirm', 'run', 1, now(), now(), 'succeeded');
    INSERT INTO notifications (tenant_id, appointment_id, version, channel, recipient, template,
      state) VALUES ('default', '${id}', 3, 'email', 'someone', 'confirmed', 'sent');`;
}

function entryOf({ id, command, key, startS }: Booking): LedgerEntry {
  return {
    tenant: 'default',
    operation: 'create',
    key,
    content: `create ${key}`,
    body: { slot: { start_time: instant(startS), end_time: instant(startS + 1800) } },
    waited: true,
    startedMs: 1,
    endedMs: 5,
    answer: {
      status: 201,
      replayed: false,
      commandId: command,
      appointmentId: id,
      version: 2,
      state: 'SCHEDULED',
    },
  };
}
