import type { Queries } from '../../io/postgres.ts';
import { auditEntries, type ChangedBy } from '../audit-entries.ts';
import { statement } from '../statement.ts';

export interface NewApiKey {
  tenantId: string;
  keyId: string;
  /** The first characters of the key, by which people tell keys apart. */
  prefix: string;
  /** SHA-256 of the key: the key itself is stored nowhere. */
  hash: Buffer;
  scopes: readonly string[];
  /** Epoch seconds; absent: never. */
  expiresAt?: number;
  by: ChangedBy;
}

function keyMade(from: string, by: { actor: string; requestId: string }): string {
  const details = `jsonb_build_object('scopes', scopes, 'expires_at', expires_at)`;
  const key = { tenant: 'tenant_id', subject: 'key_id::text', details };
  return auditEntries({ action: `'create-api-key'`, ...key, ...by, from });
}

const insertApiKey = statement<{ key_id: string }>(
  'insert_api_key',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  made AS (
    INSERT INTO api_keys (tenant_id, key_id, prefix, hash, scopes, expires_at)
    SELECT $2::text, $3::uuid, $4::text, $5::bytea, $6::text[], to_timestamp($7) FROM epoch
    ON CONFLICT (hash) DO NOTHING
    RETURNING *),
  audited AS (${keyMade('made', { actor: '$8', requestId: '$9' })})
  SELECT key_id FROM made`,
);

/**
 * Adds a key unless one of the same hash exists, and says whether it did. An existing one keeps
 * its tenant, scopes and revocation. Throws SQLSTATE SW001 where writes are closed.
 */
export async function insertKeyIfAbsent(
  queries: Queries,
  epoch: number,
  key: NewApiKey,
): Promise<boolean> {
  const { tenantId, keyId, prefix, hash, scopes, expiresAt = null, by } = key;
  const row = [tenantId, keyId, prefix, hash, scopes, expiresAt];
  const rows = await queries.run(insertApiKey, [epoch, ...row, by.actor, by.requestId]);
  return rows.length === 1;
}

/** A request for a key: it is the first with its idempotency key, or nothing happens. */
export interface RequestedApiKey extends NewApiKey {
  request: {
    /** Whose idempotency key it is. */
    tenantId: string;
    key: string;
    /** Hex SHA-256 of the normalised request. */
    contentHash: string;
  };
}

// There is no command: the key's id stands for it where the use of an idempotency key is read.
const requestApiKey = statement<{ key_id: string }>(
  'request_api_key',
  `WITH epoch AS MATERIALIZED (
    SELECT assert_write_epoch($1) AS writable, set_config('lock_timeout', '1s', true)),
  fresh AS (
    INSERT INTO idempotency_keys
      (tenant_id, operation, key, content_hash, command_id, subject_id, actor, first_used_at)
    SELECT $2::text, 'create-api-key', $3::text, decode($4, 'hex'), $5::uuid, $5::uuid, $6::text,
      now()
    FROM epoch
    ON CONFLICT DO NOTHING
    RETURNING subject_id),
  made AS (
    INSERT INTO api_keys (tenant_id, key_id, prefix, hash, scopes, expires_at)
    SELECT $7::text, subject_id, $8::text, $9::bytea, $10::text[], to_timestamp($11) FROM fresh
    RETURNING *),
  audited AS (${keyMade('made', { actor: '$6', requestId: '$12' })})
  SELECT key_id FROM made`,
);

/**
 * Adds a key together with the idempotency key of its request; false where that is taken. Throws
 * SQLSTATE SW001 where writes are closed, 55P03 where another holds the idempotency key.
 */
export async function insertRequestedKey(
  queries: Queries,
  epoch: number,
  { request, ...made }: RequestedApiKey,
): Promise<boolean> {
  const { keyId, tenantId, prefix, hash, scopes, expiresAt = null, by } = made;
  const asked = [request.tenantId, request.key, request.contentHash, keyId, by.actor];
  const row = [tenantId, prefix, hash, scopes, expiresAt, by.requestId];
  const rows = await queries.run(requestApiKey, [epoch, ...asked, ...row]);
  return rows.length === 1;
}

/** The key that takes another's place. Instants are epoch seconds. */
export interface Rotation {
  tenantId: string;
  oldKeyId: string;
  /** How long the old key goes on, unless it ends before. */
  overlapSeconds: number;
  successor: Pick<NewApiKey, 'keyId' | 'prefix' | 'hash'>;
  by: ChangedBy;
}

// A successor lives as long as the old key was made to live.
const rotateApiKey = statement<RotatedKey>(
  'rotate_api_key',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  found AS MATERIALIZED (
    SELECT k.tenant_id, k.key_id, k.scopes, now() + (k.expires_at - k.created_at) AS until
    FROM api_keys k, epoch
    WHERE k.tenant_id = $2 AND k.key_id = $3 AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > now())
    FOR UPDATE OF k),
  ended AS (
    UPDATE api_keys k SET expires_at = least(k.expires_at, now() + make_interval(secs => $4))
    FROM found WHERE k.tenant_id = found.tenant_id AND k.key_id = found.key_id
    RETURNING k.expires_at),
  made AS (
    INSERT INTO api_keys (tenant_id, key_id, prefix, hash, scopes, expires_at)
    SELECT tenant_id, $5::uuid, $6::text, $7::bytea, scopes, until FROM found
    RETURNING tenant_id, key_id, scopes, expires_at),
  audited AS (${auditEntries({
    ...{ action: `'rotate-api-key'`, tenant: 'tenant_id', subject: '$3::uuid::text' },
    ...{ actor: '$8', requestId: '$9', from: 'made' },
    details: `jsonb_build_object('successor', key_id)`,
  })})
  SELECT made.scopes, floor(date_part('epoch', made.expires_at))::int8 AS expires_s,
    floor(date_part('epoch', ended.expires_at))::int8 AS old_expires_s
  FROM made, ended`,
);

export interface RotatedKey {
  scopes: string[];
  expires_s: number | null;
  old_expires_s: number;
}

/**
 * Gives a key a successor of the same scopes and lifetime, and an end to the key itself. Undefined
 * where it is unknown or has ended already. Throws SQLSTATE SW001 where writes are closed.
 */
export async function rotateKey(
  queries: Queries,
  epoch: number,
  { tenantId, oldKeyId, overlapSeconds, successor, by }: Rotation,
): Promise<RotatedKey | undefined> {
  const { keyId, prefix, hash } = successor;
  const made = [keyId, prefix, hash, by.actor, by.requestId];
  const values = [epoch, tenantId, oldKeyId, overlapSeconds, ...made];
  const [row] = await queries.run(rotateApiKey, values);
  return row;
}

const revokeApiKey = statement<{ key_id: string }>(
  'revoke_api_key',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  ended AS (
    UPDATE api_keys k SET revoked_at = now() FROM epoch
    WHERE k.tenant_id = $2 AND k.key_id = $3 AND k.revoked_at IS NULL
    RETURNING k.tenant_id, k.key_id),
  audited AS (${auditEntries({
    ...{ action: `'revoke-api-key'`, tenant: 'tenant_id', subject: 'key_id::text' },
    ...{ actor: '$4', requestId: '$5', from: 'ended' },
  })})
  SELECT key_id FROM ended`,
);

/**
 * Ends a key for good; false where it is unknown or was revoked before. Processes notice within a
 * second. Throws SQLSTATE SW001 where writes are closed.
 */
export async function revokeKey(
  queries: Queries,
  epoch: number,
  { tenantId, keyId, by }: Pick<NewApiKey, 'tenantId' | 'keyId' | 'by'>,
): Promise<boolean> {
  const values = [epoch, tenantId, keyId, by.actor, by.requestId];
  const rows = await queries.run(revokeApiKey, values);
  return rows.length === 1;
}

const markApiKeyUsed = statement<{ key_id: string }>(
  'mark_api_key_used',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable)
  UPDATE api_keys k SET last_used_at = now() FROM epoch
  WHERE k.tenant_id = $2 AND k.key_id = $3
    AND coalesce(k.last_used_at < now() - interval '1 minute', true)
  RETURNING k.key_id`,
);

/** Notes the use of a key, at most once a minute, however many processes see it. */
export async function markKeyUsed(
  queries: Queries,
  epoch: number,
  { tenantId, keyId }: Pick<NewApiKey, 'tenantId' | 'keyId'>,
): Promise<void> {
  await queries.run(markApiKeyUsed, [epoch, tenantId, keyId]);
}
