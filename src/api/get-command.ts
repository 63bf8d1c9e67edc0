import { CommandView } from '../contract/command-view.ts';
import { fields } from '../contract/fields.ts';
import { Problem, type ProblemDocument } from '../contract/problem.ts';
import type { Call, Route } from '../contract/route.ts';
import { formatInstant } from '../domain/slot.ts';
import { findCommand } from '../store/read/commands.ts';
import type { Dependencies } from './dependencies.ts';
import { refusalSeenBy } from './refusal-seen-by.ts';
import { uuidOf } from './uuid-of.ts';

export function getCommand({ reads }: Pick<Dependencies, 'reads'>): Route {
  return {
    method: 'GET',
    path: '/v1/commands/:id',
    operationId: 'getCommand',
    summary: 'A command about an appointment, and what became of it',
    params: { id: fields.uuid() },
    responses: { 200: CommandView },
    scopes: ['appointments:read', 'appointments:self'],
    ownership: 'appointment',
    handle: async ({ principal, params }: Call) => {
      const id = uuidOf(params, 'command');
      const command = await findCommand(reads.of(principal.tenantId), { id, reach: principal });
      if (command === undefined) throw new Problem('not-found', 'there is no such command');
      const problem = command.problem as ProblemDocument | null;
      const body: CommandView = {
        id: command.id,
        operation: command.operation as CommandView['operation'],
        appointment_id: command.appointmentId,
        state: command.state,
        problem: problem && refusalSeenBy(principal, problem),
        created_at: formatInstant(command.createdAt),
        decided_at: command.decidedAt === null ? null : formatInstant(command.decidedAt),
      };
      return { status: 200, body };
    },
  };
}
