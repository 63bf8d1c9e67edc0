import { AbsenceView } from '../contract/absence.ts';
import { fields } from '../contract/fields.ts';
import { Problem } from '../contract/problem.ts';
import type { Call, Route } from '../contract/route.ts';
import { formatInstant } from '../domain/slot.ts';
import { findAbsence, type AbsenceRow } from '../store/read/absences.ts';
import type { Dependencies } from './dependencies.ts';
import { resourceOf } from './resource-of.ts';
import { uuidOf } from './uuid-of.ts';

export function getAbsence({ reads }: Pick<Dependencies, 'reads'>): Route {
  return {
    method: 'GET',
    path: '/v1/resources/:id/absences/:absence_id',
    operationId: 'getAbsence',
    summary: 'One absence of a resource',
    params: { id: fields.catalogueId(), absence_id: fields.uuid() },
    responses: { 200: AbsenceView },
    scopes: ['catalogue:write'],
    ownership: 'tenant',
    handle: async (call: Call) => {
      const id = uuidOf(call.params, 'absence', 'absence_id');
      const { tenantId, resourceId } = await resourceOf(reads, call);
      const row = await findAbsence(reads.of(tenantId), { tenantId, resourceId, id });
      if (row === undefined || row.deleted) throw noSuchAbsence();
      return { status: 200, body: absenceView(row) };
    },
  };
}

export function absenceView(row: AbsenceRow): AbsenceView {
  return {
    id: row.absence_id,
    resource_id: row.resource_id,
    start_time: formatInstant(row.start_s),
    end_time: formatInstant(row.end_s),
    reason: row.reason,
    created_at: formatInstant(row.created_s),
  };
}

export function noSuchAbsence(): Problem {
  return new Problem('not-found', 'there is no such absence');
}
