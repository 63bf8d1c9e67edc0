import { Type } from 'typebox';
import { Absence, AbsencePreview, AbsenceQuery, AddedAbsence } from '../contract/absence.ts';
import { fields } from '../contract/fields.ts';
import type { Violation } from '../contract/problem.ts';
import type { Answer, Call, Route } from '../contract/route.ts';
import { formatInstant } from '../domain/slot.ts';
import type { AbsenceCommand } from '../store/write/commands-absence.ts';
import { acceptAbsence, type AbsenceParts } from './accept-absence.ts';
import { checkInstant, instantOf, memberOf } from './check-slot.ts';
import { resourceOf } from './resource-of.ts';

export function addAbsence(parts: AbsenceParts): Route {
  return {
    method: 'POST',
    path: '/v1/resources/:id/absences',
    operationId: 'addAbsence',
    summary: 'Takes a resource out of service for a time',
    params: { id: fields.catalogueId() },
    responses: { 200: Type.Union([AddedAbsence, AbsencePreview]), 201: AddedAbsence },
    scopes: ['catalogue:write'],
    ownership: 'tenant',
    body: Absence,
    query: AbsenceQuery,
    idempotent: true,
    check: checkAbsence,
    handle: (call: Call<Absence, AbsenceQuery>) => handle(parts, call),
  };
}

function checkAbsence(body: unknown): Violation[] {
  const [from, to] = [memberOf(body, 'start_time'), memberOf(body, 'end_time')];
  const violations = [
    ...checkInstant(from, { pointer: '/start_time' }),
    ...checkInstant(to, { pointer: '/end_time' }),
  ];
  const [start, end] = [instantOf(from), instantOf(to)];
  if (start !== undefined && end !== undefined && start >= end) {
    const message = 'must be later than start_time';
    violations.push({ pointer: '/end_time', code: 'slot-order', message });
  }
  return violations;
}

async function handle(parts: AbsenceParts, call: Call<Absence, AbsenceQuery>): Promise<Answer> {
  const { reads, random } = parts.dependencies;
  const { body, query } = call;
  const { resourceId, region } = await resourceOf(reads, call);
  const absence = {
    id: random.uuidV7(),
    resourceId,
    start: instantOf(body.start_time) ?? NaN,
    end: instantOf(body.end_time) ?? NaN,
    reason: body.reason ?? null,
  };
  if (query.dry_run === true) return preview(parts, call, absence);
  return acceptAbsence(parts, call, { absence, region });
}

async function preview(
  { dependencies: { engine } }: AbsenceParts,
  { principal: { tenantId } }: Call<Absence, AbsenceQuery>,
  { resourceId, start, end, reason }: AbsenceCommand['absence'],
): Promise<Answer> {
  const repairs = await engine.previewAbsence({ tenantId, resourceId, start, end });
  const body: AbsencePreview = {
    id: null,
    resource_id: resourceId,
    start_time: formatInstant(start),
    end_time: formatInstant(end),
    reason,
    moved: repairs.moved,
    unresolved: repairs.unresolved,
  };
  return { status: 200, body };
}
