import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

export interface ApiKeyRow {
  tenant_id: string;
  key_id: string;
  scopes: string[];
  /** Epoch seconds. */
  expires_s: number | null;
  /** Whether this use of it is worth writing down. */
  unused_lately: boolean;
}

// The hash is what names the tenant, so this is the one look-up that cannot be told it first.
const apiKeyByHash = statement<ApiKeyRow>(
  'api_key_by_hash',
  `SELECT tenant_id, key_id, scopes, floor(date_part('epoch', expires_at))::int8 AS expires_s,
    coalesce(last_used_at < now() - interval '1 minute', true) AS unused_lately
  FROM api_keys
  WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
);

/** The key with this SHA-256, unless it is revoked or has expired. */
export async function findApiKey(queries: Queries, hash: Buffer): Promise<ApiKeyRow | undefined> {
  const [row] = await queries.run(apiKeyByHash, [hash]);
  return row;
}

const anyApiKey = statement<{ found: boolean }>(
  'any_api_key',
  'SELECT EXISTS (SELECT FROM api_keys) AS found',
);

/** Whether the database holds any key at all, of whatever tenant. */
export async function hasApiKeys(queries: Queries): Promise<boolean> {
  const [row] = await queries.run(anyApiKey);
  return row?.found === true;
}

/** What may be told of a key. Instants are epoch seconds. */
export interface ListedKey {
  tenant_id: string;
  key_id: string;
  prefix: string;
  scopes: string[];
  created_s: number;
  expires_s: number | null;
  last_used_s: number | null;
  revoked_s: number | null;
}

const columns = `tenant_id, key_id, prefix, scopes,
  floor(date_part('epoch', created_at))::int8 AS created_s,
  floor(date_part('epoch', expires_at))::int8 AS expires_s,
  floor(date_part('epoch', last_used_at))::int8 AS last_used_s,
  floor(date_part('epoch', revoked_at))::int8 AS revoked_s`;

const apiKeysOfTenant = statement<ListedKey>(
  'api_keys_of_tenant',
  `SELECT ${columns} FROM api_keys WHERE tenant_id = $1 ORDER BY created_at, key_id`,
);

/** All keys of the tenant, revoked and expired ones included, the oldest first. */
export function listKeys(queries: Queries, tenantId: string): Promise<ListedKey[]> {
  return queries.run(apiKeysOfTenant, [tenantId]);
}

const apiKeyById = statement<ListedKey>(
  'api_key_by_id',
  `SELECT ${columns} FROM api_keys
  WHERE key_id = $1 AND ($2::text IS NULL OR tenant_id = $2) LIMIT 1`,
);

/** The key of that id, of any tenant or `only` of one. */
export async function findKeyById(
  queries: Queries,
  { id, only }: { id: string; only: string | null },
): Promise<ListedKey | undefined> {
  const [row] = await queries.run(apiKeyById, [id, only]);
  return row;
}

const apiKeyPage = statement<ListedKey>(
  'api_key_page',
  `SELECT ${columns} FROM api_keys
  WHERE ($1::text IS NULL OR tenant_id = $1)
    AND ($2::text IS NULL OR (tenant_id, key_id) > ($2, $3::uuid))
  ORDER BY tenant_id, key_id LIMIT $4`,
);

/** Keys by tenant and id, from after that one; `only` narrows the list to one tenant. */
export function pageOfKeys(
  queries: Queries,
  page: {
    only: string | null;
    after: { tenantId: string; id: string } | undefined;
    limit: number;
  },
): Promise<ListedKey[]> {
  const { only, after, limit } = page;
  return queries.run(apiKeyPage, [only, after?.tenantId ?? null, after?.id ?? null, limit]);
}
