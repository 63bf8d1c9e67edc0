import { FailAppointment } from '../contract/appointment-action.ts';
import type { Route } from '../contract/route.ts';
import type { ActionParts } from './accept-action.ts';
import { stepRoute } from './step-route.ts';

export function failAppointment(parts: ActionParts): Route {
  return stepRoute(parts, {
    operation: 'fail',
    scopes: ['appointments:write'],
    body: FailAppointment,
  });
}
