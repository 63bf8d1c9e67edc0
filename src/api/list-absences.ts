import { AbsencePage } from '../contract/absence.ts';
import { fields, ListPage } from '../contract/fields.ts';
import type { Call, Route } from '../contract/route.ts';
import { listAbsences as readPage, type AbsenceRow } from '../store/read/absences.ts';
import type { Dependencies } from './dependencies.ts';
import { absenceView } from './get-absence.ts';
import { Page } from './page.ts';
import { resourceOf } from './resource-of.ts';

const page = new Page<AbsenceRow>('absences', 'uuid', ({ absence_id: id }) => [id]);

export function listAbsences({ reads }: Pick<Dependencies, 'reads'>): Route {
  return {
    method: 'GET',
    path: '/v1/resources/:id/absences',
    operationId: 'listAbsences',
    summary: 'The absences of a resource, in the order in which they were entered',
    params: { id: fields.catalogueId() },
    responses: { 200: AbsencePage },
    scopes: ['catalogue:write'],
    ownership: 'tenant',
    query: ListPage,
    precheck: page.precheck,
    handle: async (call: Call<unknown, ListPage>) => {
      const { tenantId, resourceId } = await resourceOf(reads, call);
      const { limit, after } = page.read(call.query);
      const last = after === undefined ? null : String(after[0]);
      const wanted = { tenantId, resourceId, after: last, limit: limit + 1 };
      return page.answer(await readPage(reads.of(tenantId), wanted), limit, absenceView);
    },
  };
}
