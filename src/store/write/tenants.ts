import type { Queries } from '../../io/postgres.ts';
import { auditEntries, type ChangedBy } from '../audit-entries.ts';
import { statement } from '../statement.ts';

export interface TenantRecord {
  id: string;
  name: string;
  /** What is absent has its default. */
  settings: Record<string, unknown>;
  by: ChangedBy;
}

// Whoever has the tenant's catalogue in memory has its settings there too, and finds it old by its
// version. A new tenant begins as the first one did: one region, the two service types.
const tenantUpsert = statement<{ created: boolean }>(
  'tenant_upsert',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  put AS (
    INSERT INTO tenants AS t (tenant_id, name, settings)
    SELECT $2::text, $3::text, $4::jsonb FROM epoch
    ON CONFLICT (tenant_id) DO UPDATE SET name = excluded.name, settings = excluded.settings,
      catalogue_version = t.catalogue_version + 1
    RETURNING tenant_id, xmax = 0 AS created),
  region AS (
    INSERT INTO regions (tenant_id, region) SELECT tenant_id, 'default' FROM put WHERE created),
  types AS (
    INSERT INTO service_types (tenant_id, code, name)
    SELECT put.tenant_id, first.code, first.name
    FROM put, (VALUES ('consultation', 'Consultation'), ('pickup', 'Pickup')) AS first (code, name)
    WHERE put.created),
  audited AS (${auditEntries({
    ...{ action: `'put-tenant'`, tenant: 'tenant_id', subject: 'tenant_id', from: 'put' },
    ...{ actor: '$5', requestId: '$6', details: `jsonb_build_object('created', created)` },
  })})
  SELECT created FROM put`,
);

/**
 * Makes a tenant, or replaces its name and settings: in force for what is accepted from the commit
 * on, in every process. Answers whether it is new. Throws SQLSTATE SW001 where writes are closed.
 */
export async function putTenant(
  queries: Queries,
  epoch: number,
  { id, name, settings, by }: TenantRecord,
): Promise<{ created: boolean }> {
  const values = [epoch, id, name, JSON.stringify(settings), by.actor, by.requestId];
  const [row] = await queries.run(tenantUpsert, values);
  return { created: row?.created === true };
}
