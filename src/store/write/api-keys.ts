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
}

const insertApiKey = statement<{ key_id: string }>(
  'insert_api_key',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable)
  INSERT INTO api_keys (tenant_id, key_id, prefix, hash, scopes)
  SELECT $2::text, $3::uuid, $4::text, $5::bytea, $6::text[] FROM epoch
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
  const { tenantId, keyId, prefix, hash, scopes } = key;
  const rows = await queries.run(insertApiKey, [epoch, tenantId, keyId, prefix, hash, scopes]);
  return rows.length === 1;
}
