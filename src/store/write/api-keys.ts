import type { Queries } from '../../io/postgres.ts';
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
}

const insertApiKey = statement<{ key_id: string }>(
  'insert_api_key',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable)
  INSERT INTO api_keys (tenant_id, key_id, prefix, hash, scopes, expires_at)
  SELECT $2::text, $3::uuid, $4::text, $5::bytea, $6::text[], to_timestamp($7) FROM epoch
  ON CONFLICT (hash) DO NOTHING
  RETURNING key_id`,
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
  const { tenantId, keyId, prefix, hash, scopes, expiresAt = null } = key;
  const values = [epoch, tenantId, keyId, prefix, hash, scopes, expiresAt];
  const rows = await queries.run(insertApiKey, values);
  return rows.length === 1;
}

const revokeApiKey = statement<{ key_id: string }>(
  'revoke_api_key',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable)
  UPDATE api_keys k SET revoked_at = now() FROM epoch
  WHERE k.tenant_id = $2 AND k.key_id = $3 AND k.revoked_at IS NULL
  RETURNING k.key_id`,
);

/**
 * Ends a key for good; false where it is unknown or was revoked before. Processes notice within a
 * second. Throws SQLSTATE SW001 where writes are closed.
 */
export async function revokeKey(
  queries: Queries,
  epoch: number,
  { tenantId, keyId }: Pick<NewApiKey, 'tenantId' | 'keyId'>,
): Promise<boolean> {
  const rows = await queries.run(revokeApiKey, [epoch, tenantId, keyId]);
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
