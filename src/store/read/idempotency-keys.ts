import type { TenantQueries } from '../../io/tenant-reads.ts';
import { statement } from '../statement.ts';

export interface UsedKey {
  /** Hex SHA-256 of the request that used it first. */
  contentHash: string;
  commandId: string | null;
  subjectId: string;
}

const keyByName = statement<{
  content_hash: string;
  command_id: string | null;
  subject_id: string;
}>(
  'key_by_name',
  `SELECT encode(content_hash, 'hex') AS content_hash, command_id, subject_id
  FROM idempotency_keys WHERE tenant_id = $1 AND operation = $2 AND key = $3`,
);

/** What a key was first used for, or undefined if it is free. */
export async function findKey(
  queries: TenantQueries,
  name: { tenantId: string; operation: string; key: string },
): Promise<UsedKey | undefined> {
  const [row] = await queries.run(keyByName, [name.tenantId, name.operation, name.key]);
  if (row === undefined) return undefined;
  return {
    contentHash: row.content_hash,
    commandId: row.command_id,
    subjectId: row.subject_id,
  };
}
