import type { AppointmentFault } from '../../store/read/orphans.ts';
import type { CommandOrphan } from '../../store/read/orphans-commands.ts';

/** What can be found. Our transactions leave none of it behind; faults and hands do. */
export type OrphanKind = AppointmentFault | CommandOrphan['fault'] | 'saga-without-task';

/** What is done about it. */
export type RepairAction =
  | 'command-restored'
  | 'command-reopened'
  | 'command-rehomed'
  | 'command-refused'
  | 'saga-started'
  | 'task-restored'
  | 'event-written'
  | 'hold-deleted'
  | 'hold-restored'
  | 'appointment-failed';

/** The ids that an orphan is known by. */
export interface OrphanName {
  tenant_id: string;
  appointment_id?: string;
  command_id?: string;
  saga_id?: string;
}

/** What became of an orphan that was still one when its rows were locked. */
export interface Mending {
  kind: OrphanKind;
  action: RepairAction | 'unrepairable';
}
