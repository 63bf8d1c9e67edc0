import { nothing } from '../contract/answer-fields.ts';
import { fields } from '../contract/fields.ts';
import type { Answer, Call, Route } from '../contract/route.ts';
import { findAbsence } from '../store/read/absences.ts';
import { commandCatalogue, type CatalogueParts } from './command-catalogue.ts';
import { noSuchAbsence } from './get-absence.ts';
import { resourceOf } from './resource-of.ts';
import { uuidOf } from './uuid-of.ts';

export function deleteAbsence(parts: CatalogueParts): Route {
  return {
    method: 'DELETE',
    path: '/v1/resources/:id/absences/:absence_id',
    operationId: 'deleteAbsence',
    summary: 'Takes an absence back',
    params: { id: fields.catalogueId(), absence_id: fields.uuid() },
    responses: { 204: nothing },
    scopes: ['catalogue:write'],
    ownership: 'tenant',
    handle: (call: Call) => handle(parts, call),
  };
}

async function handle(parts: CatalogueParts, call: Call): Promise<Answer> {
  const { reads } = parts.dependencies;
  const id = uuidOf(call.params, 'absence', 'absence_id');
  const { tenantId, resourceId, region } = await resourceOf(reads, call);
  const row = await findAbsence(reads.of(tenantId), { tenantId, resourceId, id });
  if (row === undefined) throw noSuchAbsence();
  // What is gone stays gone: the same DELETE again is answered like the first.
  if (!row.deleted) {
    const payload = { id, resourceId };
    await commandCatalogue(parts, call, { operation: 'remove-absence', region, payload });
  }
  return { status: 204 };
}
