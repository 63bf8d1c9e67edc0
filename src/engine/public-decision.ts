import type { Decision } from '../contract/engine-link.ts';
import type { DecidedCommand } from './decision.ts';

/** A decision as those who wait for it see it; one that is handed on is none yet. */
export function publicDecision({
  command,
  state,
  problem,
  transitions,
}: DecidedCommand): Decision | undefined {
  if (state === 'handed-on') return undefined;
  const own = transitions.find((step) => step.after.id === command.appointment?.id);
  const appointment = own?.after ?? command.appointment;
  return {
    tenantId: command.tenantId,
    commandId: command.id,
    state,
    ...(appointment && { appointment }),
    ...(problem && { problem }),
  };
}
