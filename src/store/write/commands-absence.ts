import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

/** A request to add an absence, for the owner of the resource's region to apply. */
export interface AbsenceCommand {
  tenantId: string;
  id: string;
  region: string;
  key: string;
  /** Hex SHA-256 of the normalised request. */
  contentHash: string;
  absence: { id: string; resourceId: string; start: number; end: number; reason: string | null };
  /** Epoch seconds. */
  createdAt: number;
  actor: string;
  requestId: string;
  traceparent: string;
}

// A key that another holds and does not let go ends it in 55P03 after a second.
const absenceCommand = statement<{ command_id: string }>(
  'absence_command',
  `WITH epoch AS MATERIALIZED (
    SELECT assert_write_epoch($1) AS writable, set_config('lock_timeout', '1s', true)),
  fresh AS (
    INSERT INTO idempotency_keys
      (tenant_id, operation, key, content_hash, command_id, subject_id, actor, first_used_at)
    SELECT $2::text, 'add-absence', $3::text, decode($4, 'hex'), $5::uuid, $6::uuid, $10::text,
      now()
    FROM epoch
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, command_id, actor)
  INSERT INTO commands (tenant_id, command_id, operation, region, payload, created_at, actor,
    request_id, traceparent)
  SELECT tenant_id, command_id, 'add-absence', $7::text, $8::jsonb, to_timestamp($9), actor,
    $11::text, $12::text
  FROM fresh RETURNING command_id`,
);

/**
 * Makes the request durable with its key; false where the key is taken.
 * Throws SQLSTATE SW001 where writes are closed or the epoch is over.
 */
export async function insertAbsenceCommand(
  queries: Queries,
  epoch: number,
  command: AbsenceCommand,
): Promise<boolean> {
  const rows = await queries.run(absenceCommand, [
    epoch,
    command.tenantId,
    command.key,
    command.contentHash,
    command.id,
    command.absence.id,
    command.region,
    JSON.stringify(command.absence),
    command.createdAt,
    command.actor,
    command.requestId,
    command.traceparent,
  ]);
  return rows.length > 0;
}
