import {
  findOrphans,
  findRecentOrphans,
  type AppointmentFault,
  type OrphanRow,
  type Scrutiny,
} from '../../store/read/orphans.ts';
import { findOrphanCommands, type CommandOrphan } from '../../store/read/orphans-commands.ts';
import { findOrphanHolds } from '../../store/read/orphans-holds.ts';
import { findOrphanSagas } from '../../store/read/orphans-sagas.ts';
import type { Standing } from '../../store/read/orphans-standing.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import { mendAppointment } from './mend-appointment.ts';
import { mendCommand } from './mend-command.ts';
import { mendHold } from './mend-hold.ts';
import { mendSaga } from './mend-saga.ts';
import type { Mending, OrphanKind, OrphanName } from './orphan.ts';
import type { Stretch } from './sweep.ts';

/** What looked like an orphan in one snapshot. */
export interface Suspect {
  name: OrphanName;
  kinds: readonly OrphanKind[];
  /** Looks again, under locks, and mends what of these kinds is still there. */
  mend: (kinds: readonly OrphanKind[]) => Promise<Mending[]>;
}

/** Among what is new by its id, and among the oldest undecided commands of each region. */
export async function recentSuspects(
  dependencies: WorkerDependencies,
  standing: Standing,
): Promise<Suspect[]> {
  const { hotDatabase, clock, config } = dependencies;
  const { graceSeconds, recentSeconds, recentLimit, commandLimit } = config.reconciler;
  const scrutiny = { graceSeconds, events: !standing.isOutboxDeep, history: true };
  const nowMs = clock.nowMs();
  const rows = await findRecentOrphans(hotDatabase, scrutiny, {
    fromId: lowestId(nowMs - recentSeconds * 1_000),
    toId: lowestId(nowMs - graceSeconds * 1_000),
    limit: recentLimit,
  });
  const limit = commandLimit;
  const commands = await findOrphanCommands(hotDatabase, { graceSeconds, limit });
  return [
    ...rows.map((row) => appointmentSuspect(dependencies, scrutiny, row)),
    ...commands.map((command) => commandSuspect(dependencies, command)),
  ];
}

/** Among the rows of a stretch of pages. */
export async function suspectsOnPages(
  dependencies: WorkerDependencies,
  standing: Standing,
  stretch: Stretch,
): Promise<Suspect[]> {
  const { hotDatabase, config } = dependencies;
  const { graceSeconds, passesPerHistory } = config.reconciler;
  switch (stretch.table) {
    case 'appointments': {
      const history = stretch.pass % passesPerHistory === 0;
      const scrutiny = { graceSeconds, events: !standing.isOutboxDeep, history };
      const rows = await findOrphans(hotDatabase, scrutiny, stretch);
      return rows.map((row) => appointmentSuspect(dependencies, scrutiny, row));
    }
    case 'slot_holds': {
      const holds = await findOrphanHolds(hotDatabase, stretch);
      return holds.map(({ region, ...name }) => ({
        ...{ name, kinds: ['hold-without-booking'] },
        mend: () => mendHold(dependencies, { region, ...name }),
      }));
    }
    case 'sagas': {
      const sagas = await findOrphanSagas(hotDatabase, { graceSeconds }, stretch);
      return sagas.map((name) => ({
        ...{ name, kinds: ['saga-without-task'] },
        mend: () => mendSaga(dependencies, name),
      }));
    }
  }
}

function appointmentSuspect(
  dependencies: WorkerDependencies,
  scrutiny: Scrutiny,
  { faults, ...row }: OrphanRow,
): Suspect {
  const { tenant_id, appointment_id } = row;
  return {
    name: { tenant_id, appointment_id },
    kinds: faults,
    mend: (kinds) =>
      mendAppointment(dependencies, scrutiny, {
        ...row,
        faults: kinds.filter((kind): kind is AppointmentFault =>
          faults.some((fault) => fault === kind),
        ),
      }),
  };
}

function commandSuspect(dependencies: WorkerDependencies, command: CommandOrphan): Suspect {
  const { tenant_id, command_id, appointment_id, fault } = command;
  return {
    name: { tenant_id, command_id, ...(appointment_id !== null && { appointment_id }) },
    kinds: [fault],
    mend: () => mendCommand(dependencies, command),
  };
}

/** The lowest id that can be made at that time: ids are of version 7. */
function lowestId(atMs: number): string {
  const hex = Math.floor(atMs).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
