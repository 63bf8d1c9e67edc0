import { ApiKeyView } from '../../contract/api-key.ts';
import { fields } from '../../contract/fields.ts';
import { Problem } from '../../contract/problem.ts';
import type { Call, Route } from '../../contract/route.ts';
import { formatInstant } from '../../domain/slot.ts';
import type { Queries } from '../../io/postgres.ts';
import { findKeyById, type ListedKey } from '../../store/read/api-keys.ts';
import type { Dependencies } from '../dependencies.ts';
import { uuidOf } from '../uuid-of.ts';
import { adminReach } from './admin-reach.ts';

export function getApiKey({ directory }: Pick<Dependencies, 'directory'>): Route {
  return {
    method: 'GET',
    path: '/v1/admin/keys/:id',
    operationId: 'getApiKey',
    summary: 'One key, without what makes it one',
    params: { id: fields.uuid() },
    responses: { 200: ApiKeyView },
    scopes: ['admin'],
    ownership: 'tenant',
    handle: async (call: Call) => ({
      status: 200,
      body: apiKeyView(await apiKeyOf(directory, call)),
    }),
  };
}

/** The key in the path, which the caller may see and change. */
export async function apiKeyOf(
  directory: Queries,
  { params, principal }: Call,
): Promise<ListedKey> {
  const id = uuidOf(params, 'key');
  const row = await findKeyById(directory, { id, only: adminReach(principal) });
  if (row === undefined) throw new Problem('not-found', 'there is no such key');
  return row;
}

export function apiKeyView(row: ListedKey): ApiKeyView {
  return {
    id: row.key_id,
    tenant: row.tenant_id,
    prefix: row.prefix,
    scopes: row.scopes,
    created_at: formatInstant(row.created_s),
    expires_at: shown(row.expires_s),
    last_used_at: shown(row.last_used_s),
    revoked_at: shown(row.revoked_s),
  };
}

function shown(seconds: number | null): string | null {
  return seconds === null ? null : formatInstant(seconds);
}
