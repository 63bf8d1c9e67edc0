import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';
import type { AppointmentKey } from './repair-appointments.ts';

export interface CommandKey {
  tenant_id: string;
  command_id: string;
}

/** The command that an appointment began with. */
export interface CreateCommandRow {
  command_id: string;
  state: 'pending' | 'applied' | 'refused';
  /** Of the problem that it was refused with. */
  reason: string | null;
  proof: string | null;
  actor: string;
  request_id: string | null;
  traceparent: string | null;
}

// Where the commands of appointment `a` can be decided: in its region, if that is there.
const homeOf = (tenant: string): string => `(
    SELECT r.region FROM regions r
    WHERE r.tenant_id = ${tenant} AND r.region IN (a.region, 'default')
    ORDER BY (r.region = a.region) IS TRUE DESC LIMIT 1)`;
const isThere = (of: string): string => `EXISTS (
    SELECT FROM regions r WHERE r.tenant_id = ${of}.tenant_id AND r.region = ${of}.region)`;

// The appointment's region comes along where that is not there either: else the command would be
// handed on to nobody again.
const rehome = statement<{ command_id: string }>(
  'rehome_command',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  target AS MATERIALIZED (
    SELECT c.tenant_id, c.command_id, c.appointment_id, c.region AS from_region,
      ${homeOf('c.tenant_id')} AS region
    FROM epoch, commands c LEFT JOIN appointments a
      ON a.tenant_id = c.tenant_id AND a.appointment_id = c.appointment_id
    WHERE c.tenant_id = $2 AND c.command_id = $3 AND NOT ${isThere('c')}),
  moved AS (
    UPDATE appointments a SET region = t.region FROM target t
    WHERE a.tenant_id = t.tenant_id AND a.appointment_id = t.appointment_id
      AND t.region IS NOT NULL AND NOT ${isThere('a')})
  UPDATE commands c SET region = t.region FROM target t
  WHERE c.tenant_id = t.tenant_id AND c.command_id = t.command_id AND c.state = 'pending'
    AND c.region = t.from_region AND t.region IS NOT NULL
  RETURNING c.command_id`,
);

const refuse = statement<{ command_id: string }>(
  'refuse_orphan_command',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable)
  UPDATE commands c SET state = 'refused', problem = $4, decided_at = now()
  FROM epoch
  WHERE c.tenant_id = $2 AND c.command_id = $3 AND c.state = 'pending'
    AND (NOT EXISTS (
        SELECT FROM regions r
        WHERE r.tenant_id = c.tenant_id AND r.region IN (c.region, 'default'))
      OR c.appointment_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM appointments a
        WHERE a.tenant_id = c.tenant_id AND a.appointment_id = c.appointment_id))
  RETURNING c.command_id`,
);

const createOf = statement<CreateCommandRow>(
  'create_command_of',
  `SELECT command_id, state, problem ->> 'reason' AS reason, problem ->> 'proof' AS proof, actor,
    request_id, traceparent
  FROM commands WHERE tenant_id = $1 AND appointment_id = $2 AND operation = 'create'
  ORDER BY accepted_seq LIMIT 1 FOR UPDATE`,
);

// Under its own id, which the key of its request answers with, and before whatever else was asked
// of the appointment.
const restore = statement<{ command_id: string }>(
  'restore_create_command',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable)
  INSERT INTO commands (tenant_id, command_id, accepted_seq, operation, appointment_id, region,
    created_at, actor, request_id, traceparent)
  OVERRIDING SYSTEM VALUE
  SELECT a.tenant_id, coalesce((
      SELECT h.command_id WHERE NOT EXISTS (
        SELECT FROM commands c WHERE c.tenant_id = a.tenant_id AND c.command_id = h.command_id)),
      $4),
    coalesce((
      SELECT min(c.accepted_seq) - 1 FROM commands c
      WHERE c.tenant_id = a.tenant_id AND c.appointment_id = a.appointment_id),
      nextval(pg_get_serial_sequence('commands', 'accepted_seq'))),
    'create', a.appointment_id, home.region, a.created_at, coalesce(h.actor, 'worker'),
    h.request_id, h.traceparent
  FROM epoch, appointments a
  CROSS JOIN LATERAL (SELECT ${homeOf('a.tenant_id')} AS region) home
  LEFT JOIN appointment_history h ON h.tenant_id = a.tenant_id
    AND h.appointment_id = a.appointment_id AND h.version = 1
  WHERE a.tenant_id = $2 AND a.appointment_id = $3 AND a.state = 'INIT'
    AND home.region IS NOT NULL
  RETURNING command_id`,
);

const reopen = statement<{ command_id: string }>(
  'reopen_create_command',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable)
  UPDATE commands c SET state = 'pending', region = ${homeOf('c.tenant_id')}, regions_tried = '{}',
    problem = NULL, result = NULL, decided_at = NULL, decided_region = NULL, position = NULL,
    decided_now = NULL, seed = NULL
  FROM epoch, appointments a
  WHERE c.tenant_id = $2 AND c.command_id = $3 AND c.state = 'applied'
    AND a.tenant_id = c.tenant_id AND a.appointment_id = c.appointment_id AND a.state = 'INIT'
    AND ${homeOf('c.tenant_id')} IS NOT NULL
  RETURNING c.command_id`,
);

/** Brings an undecided command to a region that somebody can own; false where there is none. */
export async function rehomeCommand(
  queries: Queries,
  epoch: number,
  { tenant_id, command_id }: CommandKey,
): Promise<boolean> {
  return (await queries.run(rehome, [epoch, tenant_id, command_id])).length === 1;
}

/** Decides a command that nobody else can decide; false where somebody can. */
export async function refuseOrphanCommand(
  queries: Queries,
  epoch: number,
  { tenant_id, command_id, problem }: CommandKey & { problem: unknown },
): Promise<boolean> {
  const values = [epoch, tenant_id, command_id, JSON.stringify(problem)];
  return (await queries.run(refuse, values)).length === 1;
}

/** The create command of an appointment, locked until the transaction ends. */
export async function lockCreateCommand(
  queries: Queries,
  { tenant_id, appointment_id }: AppointmentKey,
): Promise<CreateCommandRow | undefined> {
  return (await queries.run(createOf, [tenant_id, appointment_id]))[0];
}

/**
 * Gives an appointment in INIT an undecided create command, under `freshId` where nobody knows
 * the id that it had; false where no region could decide it.
 */
export async function restoreCreateCommand(
  queries: Queries,
  epoch: number,
  { tenant_id, appointment_id, freshId }: AppointmentKey & { freshId: string },
): Promise<boolean> {
  const values = [epoch, tenant_id, appointment_id, freshId];
  return (await queries.run(restore, values)).length === 1;
}

/** Lets a create command be decided again that is said to be applied and has left no trace. */
export async function reopenCreateCommand(
  queries: Queries,
  epoch: number,
  { tenant_id, command_id }: CommandKey,
): Promise<boolean> {
  return (await queries.run(reopen, [epoch, tenant_id, command_id])).length === 1;
}
