import type { Queries } from '../../io/postgres.ts';
import { auditEntries, type ChangedBy } from '../audit-entries.ts';
import { statement } from '../statement.ts';

/** Stands where a text was. */
export const erased = 'erased';

export interface Erasure {
  tenantId: string;
  customerId: string;
  /** Reasons that are the service's own words, and stay. */
  ownReasons: readonly string[];
  by: ChangedBy;
}

// Alone, so that no text is linked while it goes: see lock_audit_shards.
const lockAudit = statement<never>(
  'lock_audit_for_erasure',
  `SELECT assert_write_epoch($1), pg_advisory_xact_lock(7305110905)`,
);

/** SQL for a text that is free: no name of the catalogue, no word of ours, and still there. */
const freeLocation = (row: string): string => `CASE WHEN ${row}.location <> '${erased}'
    AND NOT EXISTS (SELECT FROM locations p
      WHERE p.tenant_id = ${row}.tenant_id AND p.location_id = ${row}.location)
    THEN ${row}.location END`;
const freeReason = (row: string): string => `CASE WHEN ${row}.reason <> '${erased}'
    AND ${row}.reason <> ALL ($3) THEN ${row}.reason END`;

const ofCustomer = (row: string): string => `${row}.tenant_id = $1
    AND ${row}.appointment_id = ANY ($2)`;

// What stands for a text that is linked is made with the salt that its digest was made with.
const keepCommitments = statement<never>(
  'keep_commitments',
  `INSERT INTO erased_texts
  SELECT w.tenant_id, w.appointment_id, w.version,
    audit_commitment(coalesce(s.salt, uuid_send(gen_random_uuid())), 'location', w.location),
    audit_commitment(coalesce(s.salt, uuid_send(gen_random_uuid())), 'reason', w.reason)
  FROM (
    SELECT h.tenant_id, h.appointment_id, h.version, ${freeLocation('h')} AS location,
      ${freeReason('h')} AS reason
    FROM appointment_history h WHERE ${ofCustomer('h')}) w
  JOIN appointments a ON a.tenant_id = w.tenant_id AND a.appointment_id = w.appointment_id
  LEFT JOIN audit_salts s ON s.tenant_id = a.tenant_id AND s.customer_id = a.customer_id
    AND s.shard = get_byte(uuid_send(a.appointment_id), 15) % 64
  WHERE w.location IS NOT NULL OR w.reason IS NOT NULL
  ON CONFLICT DO NOTHING`,
);

const eraseHistory = statement<never>(
  'erase_history_texts',
  `UPDATE appointment_history h SET
    location = CASE WHEN e.location_commitment IS NULL THEN h.location ELSE '${erased}' END,
    reason = CASE WHEN e.reason_commitment IS NULL THEN h.reason ELSE '${erased}' END
  FROM erased_texts e
  WHERE ${ofCustomer('h')} AND e.tenant_id = h.tenant_id
    AND e.appointment_id = h.appointment_id AND e.version = h.version
    AND (e.location_commitment IS NOT NULL AND h.location <> '${erased}'
      OR e.reason_commitment IS NOT NULL AND h.reason <> '${erased}')`,
);

// Everything else about these appointments that people have written, or that names whom was told.
// What a mail server answered may quote an address.
const eraseAppointments = statement<{ changed: number }>(
  'erase_appointment_texts',
  `WITH appointment AS (
    UPDATE appointments a SET metadata = NULL,
      location = CASE WHEN ${freeLocation('a')} IS NULL THEN a.location ELSE '${erased}' END,
      reason = CASE WHEN ${freeReason('a')} IS NULL THEN a.reason ELSE '${erased}' END
    WHERE ${ofCustomer('a')} AND (a.metadata IS NOT NULL
      OR ${freeLocation('a')} IS NOT NULL OR ${freeReason('a')} IS NOT NULL)
    RETURNING a.appointment_id),
  hold AS (
    UPDATE slot_holds h SET location = '${erased}'
    WHERE ${ofCustomer('h')} AND ${freeLocation('h')} IS NOT NULL RETURNING h.appointment_id),
  command AS (
    UPDATE commands c SET payload = c.payload - '{metadata,reason,location}'::text[]
    WHERE ${ofCustomer('c')} AND c.state <> 'pending'
      AND c.payload ?| '{metadata,reason,location}'::text[]
    RETURNING c.appointment_id),
  notification AS (
    UPDATE notifications n SET recipient = '${erased}:' || gen_random_uuid(), reason = NULL,
      state = CASE WHEN n.state IN ('pending', 'sending') THEN 'skipped' ELSE n.state END
    WHERE ${ofCustomer('n')} AND n.recipient NOT LIKE '${erased}:%' RETURNING n.appointment_id),
  task AS (
    DELETE FROM tasks t WHERE ${ofCustomer('t')} AND t.lane = 'notification'
    RETURNING t.appointment_id),
  unsent AS (
    DELETE FROM dead_letters d WHERE ${ofCustomer('d')} AND d.lane = 'notification'
    RETURNING d.appointment_id),
  dead AS (
    UPDATE dead_letters d SET reason = '${erased}',
      payload = d.payload - '{metadata,reason,location}'::text[]
    WHERE ${ofCustomer('d')} AND d.lane <> 'notification' AND d.reason <> '${erased}'
    RETURNING d.appointment_id),
  changed AS (
    SELECT appointment_id FROM appointment UNION SELECT appointment_id FROM hold
    UNION SELECT appointment_id FROM command UNION SELECT appointment_id FROM notification
    UNION SELECT appointment_id FROM task UNION SELECT appointment_id FROM unsent
    UNION SELECT appointment_id FROM dead),
  audited AS (${auditEntries({
    ...{ action: `'erase-texts'`, tenant: '$1', subject: '$4::text', actor: '$5' },
    ...{ requestId: '$6', details: `jsonb_build_object('appointments', ids)` },
    from: `(SELECT jsonb_agg(appointment_id) AS ids FROM changed) c WHERE ids IS NOT NULL`,
  })})
  SELECT count(*)::int8 AS changed FROM changed`,
);

const wordyAppointment = statement<{ appointment_id: string }>(
  'appointment_with_free_text',
  `SELECT a.appointment_id FROM appointments a
  JOIN appointment_history h ON h.tenant_id = a.tenant_id AND h.appointment_id = a.appointment_id
  WHERE a.tenant_id = $1 AND a.customer_id = $2
    AND (${freeLocation('h')} IS NOT NULL OR ${freeReason('h')} IS NOT NULL) LIMIT 1`,
);

const eraseContact = statement<never>(
  'erase_contact',
  `WITH salts AS (DELETE FROM audit_salts s WHERE s.tenant_id = $1 AND s.customer_id = $2),
  contact AS (
    UPDATE customers c SET name = NULL, email = NULL, phone = NULL, locale = NULL,
      time_zone = NULL, updated_at = now(), erased_at = coalesce(c.erased_at, now())
    WHERE c.tenant_id = $1 AND c.customer_id = $2)
  ${auditEntries({
    ...{ action: `'erase-customer'`, tenant: '$1::text', subject: '$2::uuid::text' },
    ...{ actor: '$3', requestId: '$4', from: '(SELECT) once' },
  })}`,
);

/**
 * Erases what people wrote about these appointments, in the caller's transaction; answers how many
 * had any of it. Repeatable. Throws SQLSTATE SW001 where writes are closed.
 */
export async function eraseCustomerTexts(
  queries: Queries,
  epoch: number,
  { tenantId, customerId, ownReasons, by, ids }: Erasure & { ids: readonly string[] },
): Promise<number> {
  await queries.run(lockAudit, [epoch]);
  await queries.run(keepCommitments, [tenantId, ids, ownReasons]);
  await queries.run(eraseHistory, [tenantId, ids]);
  const values = [tenantId, ids, ownReasons, customerId, by.actor, by.requestId];
  const [row] = await queries.run(eraseAppointments, values);
  return row?.changed ?? 0;
}

/**
 * Erases the contact data and the salts, in the caller's transaction: from then on nobody can test
 * a guess. False, and nothing done, where text was written meanwhile: it has to go before.
 */
export async function eraseCustomerContact(
  queries: Queries,
  epoch: number,
  { tenantId, customerId, ownReasons, by }: Erasure,
): Promise<boolean> {
  await queries.run(lockAudit, [epoch]);
  const left = await queries.run(wordyAppointment, [tenantId, customerId, ownReasons]);
  if (left.length > 0) return false;
  await queries.run(eraseContact, [tenantId, customerId, by.actor, by.requestId]);
  return true;
}
