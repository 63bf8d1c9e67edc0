import type { TenantQueries } from '../../io/tenant-reads.ts';
import { statement } from '../statement.ts';

/** Instants are epoch seconds. */
export interface AbsenceRow {
  absence_id: string;
  resource_id: string;
  start_s: number;
  end_s: number;
  reason: string | null;
  deleted: boolean;
  created_s: number;
}

const columns = `absence_id, resource_id, date_part('epoch', start_at)::int8 AS start_s,
  date_part('epoch', end_at)::int8 AS end_s, reason, deleted_at IS NOT NULL AS deleted,
  floor(date_part('epoch', created_at))::int8 AS created_s`;

const absenceById = statement<AbsenceRow>(
  'absence_by_id',
  `SELECT ${columns} FROM absences
  WHERE tenant_id = $1 AND resource_id = $2 AND absence_id = $3 AND source = 'operator'`,
);
const absencePage = statement<AbsenceRow>(
  'absence_page',
  `SELECT ${columns} FROM absences
  WHERE tenant_id = $1 AND resource_id = $2 AND deleted_at IS NULL AND source = 'operator'
    AND ($3::uuid IS NULL OR absence_id > $3)
  ORDER BY absence_id LIMIT $4`,
);

/** One absence that was entered, also where it has been taken back. */
export async function findAbsence(
  queries: TenantQueries,
  wanted: { tenantId: string; resourceId: string; id: string },
): Promise<AbsenceRow | undefined> {
  const { tenantId, resourceId, id } = wanted;
  return (await queries.run(absenceById, [tenantId, resourceId, id]))[0];
}

/** A page of a resource's absences by id, which is the order of entering them. */
export function listAbsences(
  queries: TenantQueries,
  page: { tenantId: string; resourceId: string; after: string | null; limit: number },
): Promise<AbsenceRow[]> {
  return queries.run(absencePage, [page.tenantId, page.resourceId, page.after, page.limit]);
}
