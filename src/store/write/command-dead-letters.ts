import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';
import { auditedLetters, valuesOf, type LetterChange } from './dead-letters.ts';

/** The lane of dead letters that are commands; their ids are of the same sequence as tasks'. */
export const commandLane = 'command';

const bury = statement<never>(
  'bury_command',
  `INSERT INTO dead_letters (tenant_id, task_id, lane, kind, ordering_key, appointment_id, payload,
    attempts, reason, actor, request_id, command_id, traceparent, created_at)
  SELECT tenant_id, nextval(pg_get_serial_sequence('tasks', 'task_id')), '${commandLane}',
    operation, appointment_id::text, appointment_id, payload, $3, $4, actor, request_id, command_id,
    traceparent, created_at
  FROM commands WHERE tenant_id = $1 AND command_id = $2`,
);

// The outcome that its key has told stands, so it is asked anew, as a command of its own. What has
// come to its end is not asked again.
const redrive = statement<{ task_id: number }>(
  'redrive_commands',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  dead AS (
    DELETE FROM dead_letters d
    USING epoch, jsonb_to_recordset($2::jsonb) AS r (tenant_id text, task_id int8), commands c
    WHERE d.tenant_id = r.tenant_id AND d.task_id = r.task_id AND d.lane = '${commandLane}'
      AND c.tenant_id = d.tenant_id AND c.command_id = d.command_id
      AND NOT EXISTS (
        SELECT FROM appointments a
        WHERE a.tenant_id = d.tenant_id AND a.appointment_id = d.appointment_id
          AND a.state IN ('COMPLETED', 'CANCELLED', 'FAILED'))
    RETURNING d.task_id, d.lane, d.kind, c.*),
  again AS (
    INSERT INTO commands (tenant_id, command_id, operation, appointment_id, region, payload,
      if_match, created_at, actor, request_id, traceparent)
    SELECT tenant_id, gen_random_uuid(), operation, appointment_id, region, payload, if_match,
      now(), actor, request_id, traceparent FROM dead ORDER BY accepted_seq),
  audited AS (${auditedLetters('redrive', 'dead')})
  SELECT task_id FROM dead`,
);

/** Keeps a command that was given up for an operator, in the transaction that decides it. */
export async function buryCommand(
  queries: Queries,
  command: { tenantId: string; id: string; attempts: number; reason: string },
): Promise<void> {
  const { tenantId, id, attempts, reason } = command;
  await queries.run(bury, [tenantId, id, attempts, reason]);
}

/**
 * Asks again for what commands among the dead letters asked for; answers the ids of those letters.
 * The others are of another lane, or about an appointment that has ended.
 * Throws SQLSTATE SW001 where writes are closed or the epoch is over.
 */
export async function redriveCommandDeadLetters(
  queries: Queries,
  epoch: number,
  change: LetterChange,
): Promise<Set<number>> {
  const rows = await queries.run(redrive, [epoch, ...valuesOf(change)]);
  return new Set(rows.map(({ task_id }) => task_id));
}
