import { AppointmentAction } from '../contract/appointment-action.ts';
import type { Route } from '../contract/route.ts';
import type { ActionParts } from './accept-action.ts';
import { stepRoute } from './step-route.ts';

export function cancelAppointment(parts: ActionParts): Route {
  return stepRoute(parts, {
    operation: 'cancel',
    scopes: ['appointments:write', 'appointments:self'],
    body: AppointmentAction,
  });
}
