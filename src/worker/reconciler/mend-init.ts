import type { Appointment, RefusalProof } from '../../domain/appointment.ts';
import type { Queries } from '../../io/postgres.ts';
import {
  lockCreateCommand,
  reopenCreateCommand,
  restoreCreateCommand,
  type CreateCommandRow,
} from '../../store/write/repair-commands.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import { failAppointment } from './fail-appointment.ts';
import type { Mending } from './orphan.ts';

/**
 * Nobody is going to decide an appointment in INIT: its create command is lost, or decided without
 * a trace. What was told stands: a refused one fails, any other is put to the engine (again).
 * Where no region is left that could decide it, it fails as what came to nothing in time does.
 */
export async function mendInit(
  parts: { dependencies: WorkerDependencies; queries: Queries },
  appointment: Appointment,
): Promise<Mending['action'] | undefined> {
  const { queries } = parts;
  const { epoch, random } = parts.dependencies;
  const key = { tenant_id: appointment.tenantId, appointment_id: appointment.id };
  const command = await lockCreateCommand(queries, key);
  if (command === undefined) {
    const freshId = random.uuidV7();
    if (await restoreCreateCommand(queries, epoch.current(), { ...key, freshId })) {
      return 'command-restored';
    }
  } else if (command.state === 'applied') {
    const { command_id } = command;
    if (await reopenCreateCommand(queries, epoch.current(), { ...key, command_id })) {
      return 'command-reopened';
    }
  }
  return failAppointment(parts, appointment, endingOf(command));
}

function endingOf(command: CreateCommandRow | undefined): Parameters<typeof failAppointment>[2] {
  const cause = 'refuse';
  if (command === undefined) return { reason: 'deadline', cause };
  return {
    reason: command.reason ?? 'deadline',
    proof: command.proof as RefusalProof | null,
    ...{ cause, command },
  };
}
