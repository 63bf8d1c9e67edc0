import type { Absence } from '../../domain/catalogue.ts';
import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

const insertAbsence = statement<never>(
  'insert_absence',
  `INSERT INTO absences (tenant_id, absence_id, resource_id, start_at, end_at, reason, source,
    read_at)
  VALUES ($1, $2, $3, to_timestamp($4), to_timestamp($5), $6, $7::text,
    CASE WHEN $7 = 'calendar' THEN now() END)`,
);
// Kept as a row: a timeline may still ask why a booking was moved.
const removeAbsence = statement<never>(
  'remove_absence',
  `UPDATE absences SET deleted_at = now()
  WHERE tenant_id = $1 AND absence_id = $2 AND deleted_at IS NULL`,
);

/** Runs inside the deciding transaction, as below. */
export async function writeAbsence(
  queries: Queries,
  tenantId: string,
  absence: Absence & { reason: string | null },
): Promise<void> {
  const { id, resourceId, start, end, reason, source = 'operator' } = absence;
  await queries.run(insertAbsence, [tenantId, id, resourceId, start, end, reason, source]);
}

export async function endAbsence(
  queries: Queries,
  tenantId: string,
  absenceId: string,
): Promise<void> {
  await queries.run(removeAbsence, [tenantId, absenceId]);
}
