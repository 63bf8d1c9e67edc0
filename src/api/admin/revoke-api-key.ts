import { nothing } from '../../contract/answer-fields.ts';
import { fields } from '../../contract/fields.ts';
import type { Answer, Call, Route } from '../../contract/route.ts';
import { revokeKey } from '../../store/write/api-keys.ts';
import { acceptEpoch } from '../accept-epoch.ts';
import { changedBy } from '../changed-by.ts';
import type { Dependencies } from '../dependencies.ts';
import { apiKeyOf } from './get-api-key.ts';

type Parts = Pick<Dependencies, 'database' | 'directory' | 'epoch'>;

export function revokeApiKey(parts: Parts): Route {
  return {
    method: 'DELETE',
    path: '/v1/admin/keys/:id',
    operationId: 'revokeApiKey',
    summary: 'Ends a key for good; every process refuses it within a second',
    params: { id: fields.uuid() },
    responses: { 204: nothing },
    scopes: ['admin'],
    ownership: 'tenant',
    handle: (call: Call) => handle(parts, call),
  };
}

async function handle({ database, directory, epoch }: Parts, call: Call): Promise<Answer> {
  const { tenant_id: tenantId, key_id: keyId } = await apiKeyOf(directory, call);
  // One that was revoked before stays as it is, and is answered the same.
  const key = { tenantId, keyId, by: changedBy(call) };
  await acceptEpoch(epoch, (current) => revokeKey(database, current, key));
  return { status: 204 };
}
