import type { TestDatabase } from './database.ts';

/** Ids that both tenants use: whatever tells their rows apart is the tenant alone. */
export const sharedIds = {
  appointment: '0192aaaa-0000-7000-8000-00000000000a',
  customer: '0192aaaa-0000-7000-8000-00000000000b',
  command: '0192aaaa-0000-7000-8000-00000000000c',
  saga: '0192aaaa-0000-7000-8000-00000000000d',
  absence: '0192aaaa-0000-7000-8000-00000000000e',
  key: '0192aaaa-0000-7000-8000-00000000000f',
  place: 'here',
  resource: 'desk',
  service: 'visit',
};

export const shard = 10;

/**
 * Puts a row of the tenant into every table of tenants. `mark` is in whatever of it is text, and
 * `number` in what is not.
 */
export async function plantTenant(
  store: TestDatabase,
  { tenant, mark, number }: { tenant: string; mark: string; number: number },
): Promise<void> {
  const { appointment, customer, command, saga, absence, key, place, resource, service } =
    sharedIds;
  const of = (table: string, columns: Record<string, unknown>): Promise<unknown> =>
    insert(store, table, { tenant_id: tenant, ...columns });
  const at = '2030-01-01 10:00+00';
  const slot = { start_at: at, end_at: '2030-01-01 11:00+00' };
  const about = { appointment_id: appointment, version: 1 };
  const actor = `key:${mark}`;
  const busy = { busy_start_at: slot.start_at, busy_end_at: slot.end_at };
  await of('tenants', { name: mark, settings: { mark }, catalogue_version: number });
  await of('api_keys', { key_id: key, prefix: mark, hash: bytes(mark), scopes: [mark] });
  await of('service_types', { code: service, name: mark });
  await of('regions', { region: mark, last_position: number });
  await of('locations', { location_id: place, name: mark, time_zone: 'UTC', region: mark });
  await of('resources', {
    ...{ resource_id: resource, region: mark, name: mark, service_types: [service] },
    ...{ locations: [place], time_zone: 'UTC', working_hours: '[]' },
  });
  await of('lanes', { resource_id: resource, ordinal: 0 });
  await of('absences', { absence_id: absence, resource_id: resource, ...slot, reason: mark });
  await of('customers', { customer_id: customer, name: mark });
  await of('appointments', {
    ...{ ...about, ...slot, state: 'CONFIRMED', customer_id: customer, service_type: service },
    ...{ location: mark, region: mark, resource_id: resource },
    ...{ created_at: at, updated_at: at },
  });
  await of('appointment_history', { ...about, ...slot, to_state: mark, cause: 'x', actor, at });
  await of('commands', {
    ...{ command_id: command, operation: 'create', appointment_id: appointment, actor },
    ...{ region: mark, state: 'refused', problem: { mark }, created_at: at, decided_at: at },
  });
  await of('idempotency_keys', {
    ...{ operation: 'create', key, content_hash: bytes(mark), command_id: command, actor },
    ...{ subject_id: appointment, first_used_at: at },
  });
  await of('slot_holds', {
    ...{ appointment_id: appointment, region: mark, resource_id: resource, ...busy },
    ...{ lane_id: number, service_type: service, location: mark },
  });
  const event = JSON.stringify({ mark });
  await of('outbox', { ...about, shard, type: mark, event, actor });
  await of('outbox_parked', { appointment_id: appointment, shard, reason: mark });
  await of('event_log', { ...about, shard, position: number, type: mark, event, created_at: at });
  await of('inbox', { ...about, consumer: mark });
  await of('held_events', { ...about, consumer: mark, type: mark, event });
  await of('tasks', { lane: 'saga', kind: mark, appointment_id: appointment, actor });
  const dead = { task_id: number, lane: 'saga', kind: mark, attempts: 1, reason: mark, actor };
  await of('dead_letters', { ...dead, created_at: at });
  await of('sagas', {
    ...{ saga_id: saga, kind: 'create', appointment_id: appointment, appointment_version: 1 },
    ...{ step: mark, deadline_at: at },
  });
  const step = { saga_id: saga, step: mark, direction: 'run', attempt: 1, started_at: at };
  await of('saga_steps', step);
  const told = { channel: 'email', recipient: mark, template: mark, state: 'sent' };
  await of('notifications', { ...about, ...told });
  await plantAudit(of, { mark, number });
  await plantCalendar(of, { mark, number });
}

type Insert = (table: string, columns: Record<string, unknown>) => Promise<unknown>;
type Marks = { mark: string; number: number };

async function plantAudit(of: Insert, { mark, number }: Marks): Promise<void> {
  const { appointment, customer } = sharedIds;
  const linked_at = '2030-01-01 10:00+00';
  await of('audit_entries', { actor: `key:${mark}`, action: mark, subject: mark });
  await of('audit_links', {
    ...{ shard, seq: number, linked_at, ids: [appointment], versions: [1] },
    ...{ digests: [bytes(mark)], previous: bytes(mark), hash: bytes(mark) },
  });
  await of('audit_salts', { customer_id: customer, shard, salt: bytes(mark) });
  await of('erased_texts', { appointment_id: appointment, version: 1 });
}

async function plantCalendar(of: Insert, { mark, number }: Marks): Promise<void> {
  const { appointment, key, resource, saga } = sharedIds;
  await of('calendar_passwords', { password_id: key, password: mark });
  await of('calendar_reservations', {
    ...{ appointment_id: appointment, resource_id: resource, saga_id: saga },
    ...{ state: 'held', settled_state: 'held', external_reference: mark },
  });
  await of('breaker_states', {
    ...{ process_id: key, provider: mark, state: 'open', calls: number, bad: number },
  });
  await of('breaker_overrides', { provider: mark, forced: 'open', actor: `key:${mark}` });
}

async function insert(
  store: TestDatabase,
  table: string,
  columns: Record<string, unknown>,
): Promise<void> {
  const names = Object.keys(columns);
  const places = names.map((_name, index) => `$${index + 1}`);
  const values = Object.values(columns);
  const sql = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${places.join(', ')})`;
  await store.query(sql, values);
}

function bytes(text: string): Buffer {
  return Buffer.from(text);
}
