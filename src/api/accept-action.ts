import { etag, parseIfMatch } from '../contract/etag.ts';
import { Problem } from '../contract/problem.ts';
import type { Answer, Call } from '../contract/route.ts';
import type { Appointment } from '../domain/appointment.ts';
import {
  actionsAllowedIn,
  statesAllowing,
  type AppointmentAction,
  type AppointmentState,
} from '../domain/appointment-state.ts';
import type { Reach } from '../domain/reach.ts';
import { findAppointment } from '../store/read/appointments.ts';
import type { ActionRow } from '../store/write/accept-actions.ts';
import { accept, notFound, type AcceptParts, type AcceptRequest, type Attempt } from './accept.ts';
import type { AcceptBatch } from './accept-batch.ts';
import { contentHash } from './content-hash.ts';
import type { Dependencies } from './dependencies.ts';
import { uuidOf } from './uuid-of.ts';

export interface ActionParts extends AcceptParts {
  dependencies: Dependencies;
  actions: AcceptBatch<ActionRow>;
}

/** What is recorded of an action, found anew at each attempt. */
export interface ActionPlan {
  payload: object | null;
  /** Defaults to the states in which the operation is legal. */
  allowedFrom?: readonly AppointmentState[];
  /** A rule of the clock or the catalogue that the request breaks, unless it is a replay. */
  problem?: Problem | undefined;
}

export interface Action {
  operation: AppointmentAction;
  key: string;
  /** The normalised request but for the id in the path: what the key stands for. */
  content: Record<string, unknown>;
  warnings?: AcceptRequest['warnings'];
  plan(wanted: Wanted): ActionPlan | Promise<ActionPlan>;
}

/** The appointment in the path, and whose it has to be. */
export interface Wanted {
  id: string;
  reach: Reach;
}

/** Takes in a command about the appointment in the path and answers it. */
export function acceptAction(parts: ActionParts, call: Call, action: Action): Promise<Answer> {
  const { principal: reach } = call;
  const id = uuidOf(call.params, 'appointment');
  const { operation, key, content } = action;
  const hash = contentHash({ appointmentId: id, ...content });
  const commandId = parts.dependencies.random.uuidV7();
  return accept(parts, call, {
    operation,
    key: { tenantId: reach.tenantId, operation, key },
    contentHash: hash,
    commandId,
    appliedStatus: 200,
    ...(action.warnings && { warnings: action.warnings }),
    attempt: () => attempt(parts, call, { action, wanted: { id, reach }, hash, commandId }),
  });
}

interface Attempted {
  action: Action;
  wanted: Wanted;
  hash: string;
  commandId: string;
}

async function attempt(parts: ActionParts, call: Call, attempted: Attempted): Promise<Attempt> {
  const { action, wanted, hash } = attempted;
  const plan = await action.plan(wanted);
  const row = actionRow(parts, call, { ...attempted, plan });
  const accepted = plan.problem === undefined && (await parts.actions.submit(row));
  const appointment = await findAppointment(
    parts.dependencies.reads.of(wanted.reach.tenantId),
    wanted,
  );
  if (appointment === undefined) throw notFound();
  if (accepted) return { accepted: { appointment } };
  const { tenantId } = wanted.reach;
  const name = { tenantId, operation: action.operation, key: action.key };
  const first = await parts.idempotency.firstUse(name, hash);
  if (first !== undefined) return { first };
  throwObjection(plan.problem, row, appointment);
  // It was in another state or version a moment ago.
  return 'stale';
}

function actionRow(
  { dependencies: { clock } }: ActionParts,
  call: Call,
  { action, wanted: { id, reach }, hash, commandId, plan }: Attempted & { plan: ActionPlan },
): ActionRow {
  return {
    tenant_id: reach.tenantId,
    operation: action.operation,
    key: action.key,
    content_hash: hash,
    command_id: commandId,
    appointment_id: id,
    actor: call.principal.actor,
    request_id: call.requestId,
    traceparent: call.traceparent,
    only_customer: reach.customerId,
    only_resource: reach.resourceId,
    if_match: parseIfMatch(call.header('if-match')),
    allowed_from: plan.allowedFrom ?? statesAllowing(action.operation),
    payload: bound(plan.payload, reach),
    created_s: clock.nowSeconds(),
  };
}

/** Until it is decided, an appointment may be given to another resource: then it is refused. */
function bound(payload: object | null, { resourceId }: Reach): object | null {
  return resourceId === null ? payload : { ...payload, only_resource: resourceId };
}

function throwObjection(
  problem: Problem | undefined,
  row: ActionRow,
  { id, version, state }: Appointment,
): void {
  if (problem !== undefined) throw problem;
  if (row.if_match !== null && row.if_match !== version) {
    throw new Problem('version-conflict', `the appointment is at version ${version}`, {
      members: { appointment_id: id },
      headers: { etag: etag(version) },
    });
  }
  if (!row.allowed_from.includes(state)) {
    throw new Problem('illegal-transition', `${row.operation} is not possible in ${state}`, {
      members: { appointment_id: id, state, allowed: actionsAllowedIn(state) },
    });
  }
}
