import type { TenantQueries } from '../../io/tenant-reads.ts';
import { statement } from '../statement.ts';

export interface CustomerRow {
  customer_id: string;
  name: string | null;
  email: string | null;
  phone: string | null;
  locale: string | null;
  time_zone: string | null;
  created_s: number;
  updated_s: number;
}

const columns = `customer_id, name, email, phone, locale, time_zone,
  floor(date_part('epoch', created_at))::int8 AS created_s,
  floor(date_part('epoch', updated_at))::int8 AS updated_s`;

const customerById = statement<CustomerRow>(
  'customer_by_id',
  `SELECT ${columns} FROM customers
  WHERE tenant_id = $1 AND customer_id = $2 AND ($3::uuid IS NULL OR customer_id = $3)`,
);

/** One customer; `ownerId` narrows it to that customer's own record. */
export async function findCustomer(
  queries: TenantQueries,
  wanted: { tenantId: string; id: string; ownerId: string | null },
): Promise<CustomerRow | undefined> {
  const [row] = await queries.run(customerById, [wanted.tenantId, wanted.id, wanted.ownerId]);
  return row;
}

const customerPage = statement<CustomerRow>(
  'customer_page',
  `SELECT ${columns} FROM customers
  WHERE tenant_id = $1 AND ($2::uuid IS NULL OR customer_id = $2)
    AND ($3::uuid IS NULL OR customer_id > $3)
  ORDER BY customer_id LIMIT $4`,
);

/** A page of customers by id. */
export function listCustomers(
  queries: TenantQueries,
  page: { tenantId: string; ownerId: string | null; after: string | null; limit: number },
): Promise<CustomerRow[]> {
  return queries.run(customerPage, [page.tenantId, page.ownerId, page.after, page.limit]);
}
