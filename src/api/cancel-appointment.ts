import { AppointmentAction } from '../contract/appointment-action.ts';
import { etag, parseIfMatch } from '../contract/etag.ts';
import { Problem } from '../contract/problem.ts';
import type { Answer, Call, Route } from '../contract/route.ts';
import { actionsAllowedIn, statesAllowing } from '../domain/appointment-state.ts';
import { findAppointment } from '../store/read/appointments.ts';
import type { ActionRow } from '../store/write/accept-actions.ts';
import { accept, notFound, type AcceptParts, type Attempt } from './accept.ts';
import type { AcceptBatch } from './accept-batch.ts';
import { contentHash } from './content-hash.ts';
import type { Dependencies } from './dependencies.ts';
import { uuidOf } from './uuid-of.ts';

export interface ActionParts extends AcceptParts {
  dependencies: Dependencies;
  actions: AcceptBatch<ActionRow>;
}

export function cancelAppointment(parts: ActionParts): Route {
  return {
    method: 'POST',
    path: '/v1/appointments/:id/cancel',
    scopes: ['appointments:write', 'appointments:self'],
    ownership: 'customer',
    body: AppointmentAction,
    bodyOptional: true,
    idempotent: true,
    precheck: (call) => void parseIfMatch(call.header('if-match')),
    handle: (call: Call<AppointmentAction>) => handle(parts, call),
  };
}

async function handle(parts: ActionParts, call: Call<AppointmentAction>): Promise<Answer> {
  const { principal, body } = call;
  const appointmentId = uuidOf(call.params, 'appointment');
  const reason = body.reason ?? null;
  const hash = contentHash({ appointmentId, reason });
  const row: ActionRow = {
    tenant_id: principal.tenantId,
    operation: 'cancel',
    key: body.idempotency_key,
    content_hash: hash,
    command_id: parts.dependencies.random.uuidV7(),
    appointment_id: appointmentId,
    actor: principal.actor,
    request_id: call.requestId,
    traceparent: call.traceparent,
    owner_id: principal.customerId,
    if_match: parseIfMatch(call.header('if-match')),
    allowed_from: statesAllowing('cancel'),
    payload: reason === null ? null : { reason },
    created_s: parts.dependencies.clock.nowSeconds(),
  };
  return accept(parts, call, {
    operation: 'cancel',
    key: { tenantId: row.tenant_id, operation: row.operation, key: row.key },
    contentHash: hash,
    commandId: row.command_id,
    appliedStatus: 200,
    attempt: () => attempt(parts, row),
  });
}

async function attempt(parts: ActionParts, row: ActionRow): Promise<Attempt> {
  const accepted = await parts.actions.submit(row);
  const appointment = await findAppointment(parts.dependencies.database, {
    tenantId: row.tenant_id,
    id: row.appointment_id,
    ownerId: row.owner_id,
  });
  if (appointment === undefined) throw notFound();
  if (accepted) return { accepted: { appointment } };
  const { tenant_id: tenantId, operation, key } = row;
  const name = { tenantId, operation, key };
  const first = await parts.idempotency.firstUse(name, row.content_hash);
  if (first !== undefined) return { first };
  const { version, state } = appointment;
  if (row.if_match !== null && row.if_match !== version) {
    throw new Problem('version-conflict', `the appointment is at version ${version}`, {
      members: { appointment_id: appointment.id },
      headers: { etag: etag(version) },
    });
  }
  if (!row.allowed_from.includes(state)) {
    throw new Problem('illegal-transition', `cancel is not possible in ${state}`, {
      members: { appointment_id: appointment.id, state, allowed: actionsAllowedIn(state) },
    });
  }
  // It was in another state or version a moment ago.
  return 'stale';
}
