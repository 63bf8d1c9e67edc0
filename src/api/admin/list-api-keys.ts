import { ApiKeyPage, ListApiKeys } from '../../contract/api-key.ts';
import type { Answer, Call, Route } from '../../contract/route.ts';
import { pageOfKeys, type ListedKey } from '../../store/read/api-keys.ts';
import type { Dependencies } from '../dependencies.ts';
import { Page } from '../page.ts';
import { adminReach, requireReach } from './admin-reach.ts';
import { apiKeyView } from './get-api-key.ts';

type Parts = Pick<Dependencies, 'directory'>;

const page = new Page<ListedKey>('keys', 'tenantUuid', (row) => [row.tenant_id, row.key_id]);

export function listApiKeys(parts: Parts): Route {
  return {
    method: 'GET',
    path: '/v1/admin/keys',
    operationId: 'listApiKeys',
    summary: 'The keys that the caller may see, by tenant and id, ended ones included',
    responses: { 200: ApiKeyPage },
    scopes: ['admin'],
    ownership: 'tenant',
    query: ListApiKeys,
    problems: ['not-found'],
    precheck: page.precheck,
    handle: (call: Call<unknown, ListApiKeys>) => handle(parts, call),
  };
}

async function handle(
  { directory }: Parts,
  { principal, query }: Call<unknown, ListApiKeys>,
): Promise<Answer> {
  if (query.tenant !== undefined) requireReach(principal, query.tenant);
  const { limit, after } = page.read(query);
  const rows = await pageOfKeys(directory, {
    only: query.tenant ?? adminReach(principal),
    after: after && { tenantId: String(after[0]), id: String(after[1]) },
    limit: limit + 1,
  });
  return page.answer(rows, limit, apiKeyView);
}
