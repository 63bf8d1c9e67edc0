import type { Reach } from '../../domain/reach.ts';
import type { TenantQueries } from '../../io/tenant-reads.ts';
import { rowRules } from '../row-rules.ts';
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
  WHERE tenant_id = $1 AND customer_id = $2
    AND ${rowRules.customers({ customer: '$3', resource: '$4' })}`,
);

/** One customer, where the record is within reach. */
export async function findCustomer(
  queries: TenantQueries,
  { id, reach }: { id: string; reach: Reach },
): Promise<CustomerRow | undefined> {
  const { tenantId, customerId, resourceId } = reach;
  const [row] = await queries.run(customerById, [tenantId, id, customerId, resourceId]);
  return row;
}

const customerPage = statement<CustomerRow>(
  'customer_page',
  `SELECT ${columns} FROM customers
  WHERE tenant_id = $1 AND ($2::uuid IS NULL OR customer_id > $2)
    AND ${rowRules.customers({ customer: '$4', resource: '$5' })}
  ORDER BY customer_id LIMIT $3`,
);

/** A page of the customers within reach, by id. */
export function listCustomers(
  queries: TenantQueries,
  { reach, after, limit }: { reach: Reach; after: string | null; limit: number },
): Promise<CustomerRow[]> {
  const { tenantId, customerId, resourceId } = reach;
  return queries.run(customerPage, [tenantId, after, limit, customerId, resourceId]);
}
