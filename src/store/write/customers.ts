import type { Queries } from '../../io/postgres.ts';
import { auditEntries, type ChangedBy } from '../audit-entries.ts';
import { statement } from '../statement.ts';

export interface CustomerRecord {
  tenantId: string;
  id: string;
  name: string | null;
  email: string | null;
  phone: string | null;
  locale: string | null;
  timeZone: string | null;
  by: ChangedBy;
}

// xmax is zero only in a row that this statement inserted.
const customerUpsert = statement<{ created: boolean }>(
  'customer_upsert',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  put AS (
    INSERT INTO customers AS c (tenant_id, customer_id, name, email, phone, locale, time_zone)
    SELECT $2::text, $3::uuid, $4::text, $5::text, $6::text, $7::text, $8::text FROM epoch
    ON CONFLICT (tenant_id, customer_id) DO UPDATE SET name = excluded.name,
      email = excluded.email, phone = excluded.phone, locale = excluded.locale,
      time_zone = excluded.time_zone, updated_at = now(), erased_at = NULL
    RETURNING tenant_id, customer_id, xmax = 0 AS created),
  audited AS (${auditEntries({
    ...{ action: `'put-customer'`, tenant: 'tenant_id', subject: 'customer_id::text' },
    ...{ actor: '$9', requestId: '$10', from: 'put' },
    details: `jsonb_build_object('created', created)`,
  })})
  SELECT created FROM put`,
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
  const { tenantId, id, name, email, phone, locale, timeZone, by } = record;
  const contact = [name, email, phone, locale, timeZone];
  const values = [epoch, tenantId, id, ...contact, by.actor, by.requestId];
  const [row] = await queries.run(customerUpsert, values);
  return { created: row?.created === true };
}
