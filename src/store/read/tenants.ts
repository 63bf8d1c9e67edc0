import type { Queries } from '../../io/postgres.ts';
import type { TenantQueries } from '../../io/tenant-reads.ts';
import { statement } from '../statement.ts';

const tenantExists = statement<{ found: boolean }>(
  'tenant_exists',
  'SELECT EXISTS (SELECT FROM tenants WHERE tenant_id = $1) AS found',
);

export async function hasTenant(queries: Queries, tenantId: string): Promise<boolean> {
  const [row] = await queries.run(tenantExists, [tenantId]);
  return row?.found === true;
}

export interface TenantRow {
  tenant_id: string;
  name: string;
  /** What is absent has its default. */
  settings: Record<string, unknown>;
  created_s: number;
}

const columns = `tenant_id, name, settings,
  floor(date_part('epoch', created_at))::int8 AS created_s`;

const tenantById = statement<TenantRow>(
  'tenant_by_id',
  `SELECT ${columns} FROM tenants WHERE tenant_id = $1`,
);

export async function findTenant(
  queries: TenantQueries,
  tenantId: string,
): Promise<TenantRow | undefined> {
  const [row] = await queries.run(tenantById, [tenantId]);
  return row;
}

const tenantPage = statement<TenantRow>(
  'tenant_page',
  `SELECT ${columns} FROM tenants
  WHERE ($1::text IS NULL OR tenant_id = $1) AND tenant_id > $2 ORDER BY tenant_id LIMIT $3`,
);

/** Tenants by id, from after that one; `only` narrows the list to one of them. */
export function listTenants(
  queries: Queries,
  page: { only: string | null; after: string | null; limit: number },
): Promise<TenantRow[]> {
  return queries.run(tenantPage, [page.only, page.after ?? '', page.limit]);
}
