import pg from 'pg';

/**
 * The database as one snapshot. Instants are epoch seconds; ids are text. The guarantees are then
 * functions of these rows, so that each is one page that can be held against its sentence.
 */
export interface Facts {
  nowS: number;
  appointments: AppointmentFact[];
  history: HistoryFact[];
  holds: HoldFact[];
  lanes: { tenant: string; lane: number; resource: string }[];
  resources: ResourceFact[];
  regions: { tenant: string; region: string; last_position: number }[];
  commands: CommandFact[];
  keys: KeyFact[];
  outbox: EventFact[];
  log: LogFact[];
  shards: { shard: number; last_position: number }[];
  parked: { appointment: string }[];
  cursors: { consumer: string; shard: number; position: number }[];
  inbox: { consumer: string; appointment: string; version: number }[];
  tasks: TaskFact[];
  deadLetters: { task: number; kind: string; reason: string; attempts: number }[];
  sagas: SagaFact[];
  sagaSteps: SagaStepFact[];
  notifications: NotificationFact[];
  processes: { process: string; heartbeat_s: number }[];
  auditLinks: LinkFact[];
  auditEntries: { tenant: string; id: string; action: string }[];
}

export interface AppointmentFact {
  tenant: string;
  id: string;
  version: number;
  state: string;
  customer: string;
  start_s: number;
  end_s: number;
  service_type: string;
  resource: string | null;
  reason: string | null;
  origin: string;
  historic: boolean;
}
export interface HistoryFact {
  tenant: string;
  id: string;
  version: number;
  from_state: string | null;
  to_state: string;
  cause: string;
  reason: string | null;
  start_s: number;
  end_s: number;
  resource: string | null;
  lane: number | null;
  busy_start_s: number | null;
  busy_end_s: number | null;
  region: string | null;
  position: number | null;
  actor: string;
  command: string | null;
  at_s: number;
}
export interface HoldFact {
  tenant: string;
  id: string;
  region: string;
  resource: string;
  lane: number;
  busy_start_s: number;
  busy_end_s: number;
  before_s: number;
  after_s: number;
}
export interface ResourceFact {
  tenant: string;
  id: string;
  capacity: number;
  before_s: number;
  after_s: number;
  /** Whether it has one outside. */
  calendar: boolean;
}
export interface CommandFact {
  tenant: string;
  id: string;
  seq: number;
  operation: string;
  appointment: string | null;
  state: string;
  region: string | null;
  position: number | null;
  payload: unknown;
  age_s: number;
}
export interface KeyFact {
  tenant: string;
  operation: string;
  key: string;
  command: string | null;
  subject: string;
}
export interface EventFact {
  shard: number;
  order: number;
  tenant: string;
  id: string;
  version: number;
  type: string;
  event: string;
}
export interface LogFact extends EventFact {
  appended_s: number;
}
export interface TaskFact {
  tenant: string;
  task: number;
  lane: string;
  kind: string;
  appointment: string | null;
  saga: string | null;
  attempts: number;
  delay_ms: number;
  lease_owner: string | null;
  lease_expires_s: number | null;
}
export interface SagaFact {
  tenant: string;
  id: string;
  kind: string;
  appointment: string;
  version: number;
  state: string;
  finished: boolean;
}
export interface SagaStepFact {
  saga: string;
  step: string;
  direction: string;
  attempt: number;
  started_s: number;
  finished_s: number | null;
  outcome: string | null;
  error: string | null;
}
export interface NotificationFact {
  tenant: string;
  appointment: string;
  version: number;
  channel: string;
  recipient: string;
  state: string;
  ambiguous: number;
}
/** A link of the audit; `bytes` are those whose hash it bears. All bytes are hex. */
export interface LinkFact {
  tenant: string;
  shard: number;
  seq: number;
  ids: string[];
  versions: number[];
  digests: (string | null)[];
  previous: string;
  hash: string;
  bytes: string;
}

const s = (column: string, name: string): string =>
  `date_part('epoch', ${column})::float8 AS ${name}`;

const tables: Record<Exclude<keyof Facts, 'nowS'>, string> = {
  appointments: `SELECT tenant_id AS tenant, appointment_id AS id, version, state,
    customer_id AS customer, ${s('start_at', 'start_s')}, ${s('end_at', 'end_s')}, service_type,
    resource_id AS resource, reason, origin, historic FROM appointments`,
  history: `SELECT tenant_id AS tenant, appointment_id AS id, version, from_state, to_state, cause,
    reason, ${s('start_at', 'start_s')}, ${s('end_at', 'end_s')}, resource_id AS resource,
    lane_id AS lane, ${s('busy_start_at', 'busy_start_s')}, ${s('busy_end_at', 'busy_end_s')},
    region, position, actor, command_id AS command, ${s('at', 'at_s')}
    FROM appointment_history ORDER BY tenant_id, appointment_id, version`,
  holds: `SELECT tenant_id AS tenant, appointment_id AS id, region, resource_id AS resource,
    lane_id AS lane, ${s('busy_start_at', 'busy_start_s')}, ${s('busy_end_at', 'busy_end_s')},
    buffer_before_seconds AS before_s, buffer_after_seconds AS after_s FROM slot_holds`,
  lanes: `SELECT tenant_id AS tenant, lane_id AS lane, resource_id AS resource FROM lanes`,
  resources: `SELECT tenant_id AS tenant, resource_id AS id, capacity,
    buffer_before_seconds AS before_s, buffer_after_seconds AS after_s,
    coalesce(calendar ->> 'kind' <> 'none', false) AS calendar FROM resources`,
  regions: `SELECT tenant_id AS tenant, region, last_position FROM regions`,
  commands: `SELECT tenant_id AS tenant, command_id AS id, accepted_seq AS seq, operation,
    appointment_id AS appointment, state, decided_region AS region, position, payload,
    date_part('epoch', now() - created_at)::float8 AS age_s FROM commands ORDER BY accepted_seq`,
  keys: `SELECT tenant_id AS tenant, operation, key, command_id AS command,
    subject_id AS subject FROM idempotency_keys`,
  outbox: `SELECT shard, outbox_id AS "order", tenant_id AS tenant, appointment_id AS id, version,
    type, event FROM outbox ORDER BY shard, outbox_id`,
  log: `SELECT shard, position AS "order", tenant_id AS tenant, appointment_id AS id, version,
    type, event, ${s('appended_at', 'appended_s')} FROM event_log ORDER BY shard, position`,
  shards: `SELECT shard, last_position FROM outbox_shards`,
  parked: `SELECT appointment_id AS appointment FROM outbox_parked`,
  cursors: `SELECT consumer, shard, position FROM consumer_cursors`,
  inbox: `SELECT consumer, appointment_id AS appointment, version FROM inbox`,
  tasks: `SELECT tenant_id AS tenant, task_id AS task, lane, kind, appointment_id AS appointment,
    saga_id AS saga, attempts, last_delay_ms AS delay_ms, lease_owner,
    ${s('lease_expires_at', 'lease_expires_s')} FROM tasks`,
  deadLetters: `SELECT task_id AS task, kind, reason, attempts FROM dead_letters`,
  sagas: `SELECT tenant_id AS tenant, saga_id AS id, kind, appointment_id AS appointment,
    appointment_version AS version, state, finished_at IS NOT NULL AS finished FROM sagas`,
  sagaSteps: `SELECT saga_id AS saga, step, direction, attempt, ${s('started_at', 'started_s')},
    ${s('finished_at', 'finished_s')}, outcome, error_class AS error FROM saga_steps
    ORDER BY saga_id, step, direction, attempt`,
  notifications: `SELECT tenant_id AS tenant, appointment_id AS appointment, version, channel,
    recipient, state, ambiguous_sends AS ambiguous FROM notifications`,
  processes: `SELECT process_id AS process, ${s('heartbeat_at', 'heartbeat_s')} FROM processes`,
  auditLinks: `SELECT tenant_id AS tenant, shard, seq, ids, versions, digests::text[] AS digests,
    encode(previous, 'hex') AS previous, encode(hash, 'hex') AS hash,
    encode(record_send(ROW(1::int2, tenant_id, shard, seq, linked_at, previous, ids, versions,
      digests)), 'hex') AS bytes FROM audit_links ORDER BY tenant_id, shard, seq`,
  auditEntries: `SELECT tenant_id AS tenant, entry_id AS id, action FROM audit_entries`,
};

/** Reads every table that a guarantee speaks of in one read-only snapshot. */
export async function readFacts(databaseUrl: string): Promise<Facts> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'checker',
    types: { getTypeParser: ((oid: number) => parserOf(oid)) as never },
  });
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const now = await client.query<{ now_s: number }>(`SELECT ${s('clock_timestamp()', 'now_s')}`);
    const facts: Record<string, unknown> = { nowS: now.rows[0]?.now_s };
    for (const [name, sql] of Object.entries(tables)) facts[name] = (await client.query(sql)).rows;
    await client.query('COMMIT');
    return facts as unknown as Facts;
  } finally {
    await client.end();
  }
}

function parserOf(oid: number): (text: string) => unknown {
  return oid === 20 ? Number : (pg.types.getTypeParser(oid) as (text: string) => unknown);
}
