import type { TSchema } from 'typebox';
import type { AppointmentAction } from '../contract/appointment-action.ts';
import { AppointmentView } from '../contract/appointment-view.ts';
import { parseIfMatch } from '../contract/etag.ts';
import { fields } from '../contract/fields.ts';
import type { Call, Route } from '../contract/route.ts';
import type { AppointmentAction as Operation } from '../domain/appointment-state.ts';
import { acceptAction, type ActionParts } from './accept-action.ts';

interface Step {
  operation: Exclude<Operation, 'update'>;
  scopes: Route['scopes'];
  body: TSchema;
}

const summaries: Record<Step['operation'], string> = {
  cancel: 'Cancels an appointment',
  start: 'Begins the service, whatever the clock says',
  complete: 'Ends the service',
  fail: 'Gives up on an appointment, for a reason',
};

/** A call that moves an appointment along its state machine and may say why. */
export function stepRoute(parts: ActionParts, { operation, scopes, body }: Step): Route {
  return {
    method: 'POST',
    path: `/v1/appointments/:id/${operation}`,
    operationId: `${operation}Appointment`,
    summary: summaries[operation],
    params: { id: fields.uuid() },
    reads: ['prefer', 'if-match'],
    problems: ['illegal-transition'],
    responses: { 200: AppointmentView, 202: AppointmentView },
    scopes,
    ownership: 'appointment',
    body,
    bodyOptional: true,
    idempotent: true,
    precheck: (call) => void parseIfMatch(call.header('if-match')),
    handle: (call: Call<AppointmentAction>) => {
      const reason = call.body.reason ?? null;
      return acceptAction(parts, call, {
        operation,
        key: call.body.idempotency_key,
        content: { reason },
        plan: () => ({ payload: reason === null ? null : { reason } }),
      });
    },
  };
}
