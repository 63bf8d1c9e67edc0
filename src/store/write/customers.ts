import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

export interface CustomerRecord {
  tenantId: string;
  id: string;
  name: string | null;
  email: string | null;
  phone: string | null;
  locale: string | null;
  timeZone: string | null;
}

// xmax is zero only in a row that this statement inserted.
const customerUpsert = statement<{ created: boolean }>(
  'customer_upsert',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable)
  INSERT INTO customers AS c (tenant_id, customer_id, name, email, phone, locale, time_zone)
  SELECT $2::text, $3::uuid, $4::text, $5::text, $6::text, $7::text, $8::text FROM epoch
  ON CONFLICT (tenant_id, customer_id) DO UPDATE SET name = excluded.name,
    email = excluded.email, phone = excluded.phone, locale = excluded.locale,
    time_zone = excluded.time_zone, updated_at = now(), erased_at = NULL
  RETURNING xmax = 0 AS created`,
);

/**
 * Stores a customer's record as given, in place of any former one. Answers whether it is new.
 * Throws SQLSTATE SW001 where writes are closed or the epoch is over.
 */
export async function putCustomer(
  queries: Queries,
  epoch: number,
  record: CustomerRecord,
): Promise<{ created: boolean }> {
  const { tenantId, id, name, email, phone, locale, timeZone } = record;
  const values = [epoch, tenantId, id, name, email, phone, locale, timeZone];
  const [row] = await queries.run(customerUpsert, values);
  return { created: row?.created === true };
}
