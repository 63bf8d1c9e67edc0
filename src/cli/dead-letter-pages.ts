import type { Database } from '../io/postgres.ts';
import type { ChangedBy } from '../store/audit-entries.ts';
import {
  findDeadLetters,
  findParkedBesideDeadLetters,
  lastOfDeadLetters,
  type DeadLetter,
  type ParkedAppointment,
} from '../store/read/dead-letters.ts';
import { commandLane, redriveCommandDeadLetters } from '../store/write/command-dead-letters.ts';
import { discardDeadLetters, redriveDeadLetters } from '../store/write/dead-letters.ts';
import { unparkInOutbox } from '../store/write/outbox.ts';
import { writeUnderEpoch } from './write-under-epoch.ts';

export const letterKinds = ['task', 'event', 'parked'] as const;

/** A dead letter, or an appointment that is parked before the bus; people name it by `id`. */
export type Letter =
  | { kind: 'task' | 'event'; id: string; row: DeadLetter }
  | { kind: 'parked'; id: string; row: ParkedAppointment };

export interface LetterSelection {
  kind?: Letter['kind'];
  tenant?: string;
  lane?: string;
  appointment?: string;
  ids?: readonly string[];
}

const limit = 500;
const leastUuid = '00000000-0000-0000-0000-000000000000';

/** What is selected as it is now, in pages; what fails again meanwhile is not met a second time. */
export async function* deadLetterPages(
  database: Database,
  selection: LetterSelection,
): AsyncGenerator<Letter[]> {
  if (selection.kind !== 'parked') yield* tasksAndEvents(database, selection);
  const wantsParked = selection.kind === undefined || selection.kind === 'parked';
  if (wantsParked && selection.lane === undefined) yield* parked(database, selection);
}

async function* tasksAndEvents(
  database: Database,
  { kind, tenant, lane, appointment, ids }: LetterSelection,
): AsyncGenerator<Letter[]> {
  const filter = {
    tenantId: tenant ?? null,
    lane: lane ?? (kind === 'event' ? 'event' : null),
    appointmentId: appointment ?? null,
    ids: ids?.filter((id) => !id.includes('-')).map(Number) ?? null,
  };
  const last = await lastOfDeadLetters(database);
  for (let after = 0; ;) {
    const rows = await findDeadLetters(database, filter, { after, last, limit });
    const letters = rows.map((row): Letter => {
      return { kind: row.lane === 'event' ? 'event' : 'task', id: String(row.task_id), row };
    });
    yield letters.filter((letter) => kind === undefined || letter.kind === kind);
    if (rows.length < limit) return;
    after = rows.at(-1)?.task_id ?? last;
  }
}

async function* parked(
  database: Database,
  { tenant, appointment, ids }: LetterSelection,
): AsyncGenerator<Letter[]> {
  const named = ids?.filter((id) => id.includes('-'));
  const filter = {
    tenantId: tenant ?? null,
    ids: appointment === undefined ? (named ?? null) : [appointment],
  };
  for (let after = leastUuid; ;) {
    const rows = await findParkedBesideDeadLetters(database, filter, { after, limit });
    yield rows.map((row) => ({ kind: 'parked', id: row.appointment_id, row }));
    if (rows.length < limit) return;
    after = rows.at(-1)?.appointment_id ?? leastUuid;
  }
}

/** Redrives or discards a page; answers the ids of what was there and could be. */
export function changeDeadLetters(
  database: Database,
  {
    change,
    letters,
    by,
  }: {
    change: 'redrive' | 'discard';
    letters: readonly Letter[];
    by: ChangedBy;
  },
): Promise<string[]> {
  const dead = letters.flatMap((letter) => (letter.kind === 'parked' ? [] : [letter.row]));
  const waiting = letters.flatMap((letter) => (letter.kind === 'parked' ? [letter.row] : []));
  return writeUnderEpoch(database, async (epoch) => {
    const write = change === 'redrive' ? redriveDeadLetters : discardDeadLetters;
    const done =
      dead.length === 0 ? new Set<number>() : await write(database, epoch, { letters: dead, by });
    const commands = dead.filter(({ lane }) => change === 'redrive' && lane === commandLane);
    const asked =
      commands.length === 0
        ? []
        : await redriveCommandDeadLetters(database, epoch, { letters: commands, by });
    const unparked =
      change === 'discard' || waiting.length === 0
        ? new Set<string>()
        : await unparkInOutbox(database, epoch, { appointments: waiting, by });
    return [...[...done, ...asked].map(String), ...unparked];
  });
}
