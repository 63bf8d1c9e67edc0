import type { CatalogueOperation } from '../../domain/command.ts';
import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

/** What the payload of a command stands for by its id alone. */
export interface CalendarPassword {
  id: string;
  password: string;
}

/** One change of the catalogue or of an absence, for the owner of its region to apply. */
export interface CatalogueCommand {
  tenantId: string;
  id: string;
  operation: CatalogueOperation;
  region: string;
  /** `{value, force}`, `{id, force}`, or what the operation takes. */
  payload: unknown;
  calendarPassword?: CalendarPassword;
  /** Epoch seconds. */
  createdAt: number;
  actor: string;
  requestId: string;
  traceparent: string;
}

const catalogueCommand = statement<{ command_id: string }>(
  'catalogue_command',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  password AS (
    INSERT INTO calendar_passwords (tenant_id, password_id, password)
    SELECT $2::text, $11::uuid, $12::text FROM epoch WHERE $11 IS NOT NULL)
  INSERT INTO commands (tenant_id, command_id, operation, region, payload, created_at, actor,
    request_id, traceparent)
  SELECT $2::text, $3::uuid, $4::text, $5::text, $6::jsonb, to_timestamp($7), $8::text, $9::text,
    $10::text
  FROM epoch RETURNING command_id`,
);

/**
 * Makes a change of the catalogue durable; it is in force once the region's owner has applied it.
 * Throws SQLSTATE SW001 where writes are closed or the epoch is over.
 */
export async function insertCatalogueCommand(
  queries: Queries,
  epoch: number,
  command: CatalogueCommand,
): Promise<void> {
  await queries.run(catalogueCommand, [
    epoch,
    command.tenantId,
    command.id,
    command.operation,
    command.region,
    JSON.stringify(command.payload),
    command.createdAt,
    command.actor,
    command.requestId,
    command.traceparent,
    command.calendarPassword?.id ?? null,
    command.calendarPassword?.password ?? null,
  ]);
}
