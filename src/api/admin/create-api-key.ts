import { CreateApiKey, CreatedApiKey } from '../../contract/api-key.ts';
import { Problem, unavailable } from '../../contract/problem.ts';
import type { Answer, Call, Route } from '../../contract/route.ts';
import { newApiKey } from '../../io/new-api-key.ts';
import { hasTenant } from '../../store/read/tenants.ts';
import { insertRequestedKey, type RequestedApiKey } from '../../store/write/api-keys.ts';
import { acceptEpoch } from '../accept-epoch.ts';
import { changedBy } from '../changed-by.ts';
import { checkInstant, instantOf, memberOf } from '../check-slot.ts';
import { contentHash } from '../content-hash.ts';
import type { FirstUse, KeyName } from '../idempotency.ts';
import { noSuchTenant, requireReach } from './admin-reach.ts';
import type { AdminParts } from './admin-routes.ts';

export function createApiKey(parts: AdminParts): Route {
  return {
    method: 'POST',
    path: '/v1/admin/keys',
    operationId: 'createApiKey',
    summary: 'Makes a key of a tenant; it is shown in this answer and never again',
    responses: { 200: CreatedApiKey, 201: CreatedApiKey },
    scopes: ['admin'],
    ownership: 'tenant',
    body: CreateApiKey,
    idempotent: true,
    check: (body) => checkInstant(memberOf(body, 'expires_at'), { pointer: '/expires_at' }),
    handle: (call: Call<CreateApiKey>) => handle(parts, call),
  };
}

async function handle(parts: AdminParts, call: Call<CreateApiKey>): Promise<Answer> {
  const { dependencies, idempotency } = parts;
  const { directory, clock } = dependencies;
  const { body, principal } = call;
  requireReach(principal, body.tenant);
  if (!(await hasTenant(directory, body.tenant))) throw noSuchTenant();
  const name = {
    tenantId: principal.tenantId,
    operation: 'create-api-key',
    key: body.idempotency_key,
  };
  const scopes = [...body.scopes].sort();
  const expiresAt = instantOf(body.expires_at);
  const hash = contentHash({ tenant: body.tenant, scopes, expiresAt });
  if (expiresAt !== undefined && expiresAt <= clock.nowSeconds()) {
    const first = await idempotency.firstUse(name, hash);
    if (first === undefined) throw expiryInThePast();
    return replay(first);
  }
  const row = { tenantId: body.tenant, scopes, ...(expiresAt !== undefined && { expiresAt }) };
  const request = { ...name, contentHash: hash };
  return makeOnce(parts, name, { ...row, request, by: changedBy(call) });
}

type Wanted = Pick<RequestedApiKey, 'tenantId' | 'scopes' | 'expiresAt' | 'request' | 'by'>;

async function makeOnce(
  { dependencies, idempotency }: AdminParts,
  name: KeyName,
  wanted: Wanted,
): Promise<Answer> {
  const { database, epoch, random } = dependencies;
  const keyId = random.uuidV7();
  const { key, ...kept } = newApiKey(random);
  const { contentHash: hash } = wanted.request;
  const own: FirstUse = { commandId: keyId, subjectId: keyId };
  const outcome = await idempotency.once(name, hash, async () => {
    const isFirst = await acceptEpoch(epoch, (current) =>
      insertRequestedKey(database, current, { ...wanted, ...kept, keyId }),
    );
    return isFirst ? own : idempotency.firstUse(name, hash);
  });
  const used = 'first' in outcome ? outcome.first : outcome.accepted;
  if (used === undefined) throw unavailable('the idempotency key was given up a moment ago');
  if (used !== own) return replay(used);
  const created: CreatedApiKey = { id: keyId, key };
  return { status: 201, headers: { location: `/v1/admin/keys/${keyId}` }, body: created };
}

/** The key itself is nowhere to be had any more. */
function replay({ subjectId: id }: FirstUse): Answer {
  const body: CreatedApiKey = { id, key: null };
  return { status: 200, headers: { 'idempotency-replayed': 'true' }, body };
}

function expiryInThePast(): Problem {
  const violation = { code: 'in-the-past', message: 'must be in the future' };
  return new Problem('validation-failed', `expires_at ${violation.message}`, {
    members: { errors: [{ pointer: '/expires_at', ...violation }] },
  });
}
