import type { CommandFact, Facts, HistoryFact } from './facts.ts';
import { appointmentName, grouped, versionName } from './grouped.ts';
import type { Acknowledged, Ledger, LedgerEntry } from './ledger.ts';
import type { Violation } from './violation.ts';

const dayS = 24 * 3600;
const clientOperations = new Set(['create', 'update', 'cancel', 'start', 'complete', 'fail']);
const stateAfter: Record<string, string> = {
  cancel: 'CANCELLED',
  start: 'IN_PROGRESS',
  complete: 'COMPLETED',
  fail: 'FAILED',
};

/**
 * S3: what was acknowledged is in the database; what was not happened wholly or not at all. Every
 * version and state that a client was ever told is in the history too.
 */
export function acknowledgedIsKept(facts: Facts, ledger: Ledger): Violation[] {
  const index = indexOf(facts);
  return [
    ...ledger.acknowledged().flatMap((entry) => lost(entry, index)),
    ...ledger.entries.flatMap((entry) => unknownVersion(entry, index)),
    ...facts.commands.flatMap((command) => halfDone(command, index)),
    ...keysWithoutEffect(facts, index),
    ...unlikeTheirHistory(facts, index),
  ];
}

interface Index {
  commands: Map<string, CommandFact>;
  appointments: Set<string>;
  versions: Map<string, HistoryFact>;
  history: Map<string, HistoryFact[]>;
  /** The rows that a command's decision made. */
  byCommand: Map<string, HistoryFact[]>;
  keyed: Set<string>;
}

function indexOf(facts: Facts): Index {
  const decided = facts.history.filter(({ actor }) => actor !== 'worker');
  return {
    commands: new Map(facts.commands.map((row) => [row.id, row])),
    appointments: new Set(facts.appointments.map(appointmentName)),
    versions: new Map(facts.history.map((row) => [versionName(row), row])),
    history: grouped(facts.history, appointmentName),
    byCommand: grouped(decided, ({ command }) => command ?? ''),
    keyed: new Set(facts.keys.map(({ command }) => command ?? '')),
  };
}

function lost(entry: Acknowledged, index: Index): Violation[] {
  const { commandId, answer, operation, tenant, body } = entry;
  const command = index.commands.get(commandId);
  const ids = { command: commandId, appointment: answer.appointmentId ?? '' };
  if (command === undefined) return [s3(ids, `an acknowledged ${operation} is not there`)];
  const found: Violation[] = [];
  if (command.operation !== operation) found.push(s3(ids, `it is there as ${command.operation}`));
  if (answer.appointmentId !== undefined && command.appointment !== answer.appointmentId) {
    found.push(s3(ids, `it is there for appointment ${command.appointment}`));
  }
  const refused = answer.status === 409;
  const applied = answer.status === 201 || (entry.waited && answer.status === 200);
  if ((applied && command.state !== 'applied') || (refused && command.state !== 'refused')) {
    found.push(s3(ids, `it was answered ${answer.status} and is ${command.state}`));
  }
  if (operation === 'create' && body !== undefined) {
    const first = index.versions.get(`${tenant}/${command.appointment}:1`);
    if (first === undefined) found.push(s3(ids, 'its appointment has no first version'));
    else if (!isAsAsked(first, body)) found.push(s3(ids, 'its slot is not the one asked for'));
  }
  return found;
}

function isAsAsked(first: HistoryFact, body: Record<string, unknown>): boolean {
  const slot = body['slot'] as { start_time: string; end_time: string } | undefined;
  if (slot === undefined) return true;
  const seconds = (text: string): number => Date.parse(text) / 1000;
  return first.start_s === seconds(slot.start_time) && first.end_s === seconds(slot.end_time);
}

function unknownVersion({ tenant, answer }: LedgerEntry, index: Index): Violation[] {
  const { appointmentId: id, version, state } = answer ?? {};
  if (id === undefined || version === undefined) return [];
  const row = index.versions.get(`${tenant}/${id}:${version}`);
  if (row !== undefined && (state === undefined || row.to_state === state)) return [];
  return [s3({ appointment: id, version }, `clients saw it ${state}; the history does not`)];
}

/** A command's traces: its key, its appointment, and exactly the rows its outcome calls for. */
function halfDone(command: CommandFact, index: Index): Violation[] {
  if (!clientOperations.has(command.operation) || command.appointment === null) return [];
  const ids = { command: command.id, appointment: command.appointment };
  const found: Violation[] = [];
  if (!index.appointments.has(`${command.tenant}/${command.appointment}`)) {
    found.push(s3(ids, `the ${command.operation}'s appointment is not there`));
  }
  if (command.age_s < dayS && !index.keyed.has(command.id)) {
    found.push(s3(ids, `the ${command.operation} has no key`));
  }
  const rows = index.byCommand.get(command.id) ?? [];
  const words = rows.map(({ from_state, to_state }) => `${from_state ?? 'none'}>${to_state}`);
  const expected = expectedWords(command);
  const told = words.join(' ');
  const fits = expected.some((word) => (word instanceof RegExp ? word.test(told) : word === told));
  if (!fits) {
    const does = `the ${command.state} ${command.operation} made "${told}" in the history`;
    found.push(s3(ids, does));
  }
  return found;
}

function expectedWords({ operation, state }: CommandFact): (string | RegExp)[] {
  if (operation === 'create') {
    if (state === 'pending') return ['none>INIT'];
    return [state === 'applied' ? 'none>INIT INIT>SCHEDULED' : 'none>INIT INIT>FAILED'];
  }
  if (state !== 'applied') return [''];
  // A PATCH that changes nothing is applied without a version.
  if (operation === 'update') return ['', /^(\w+)>\1$/, 'CONFIRMED>SCHEDULED'];
  return [new RegExp(`^\\w+>${stateAfter[operation]}$`)];
}

function keysWithoutEffect(facts: Facts, index: Index): Violation[] {
  return facts.keys.flatMap(({ key, operation, command, tenant, subject }) => {
    if (!clientOperations.has(operation)) return [];
    const ids = { key, command: command ?? '', appointment: subject };
    if (command === null || !index.commands.has(command)) {
      return [s3(ids, `the key of a ${operation} is there, its command is not`)];
    }
    if (index.appointments.has(`${tenant}/${subject}`)) return [];
    return [s3(ids, `the key of a ${operation} is there, its appointment is not`)];
  });
}

function unlikeTheirHistory(facts: Facts, index: Index): Violation[] {
  return facts.appointments.flatMap((row) => {
    const last = index.history.get(appointmentName(row))?.at(-1);
    const same =
      last?.version === row.version &&
      last.to_state === row.state &&
      last.start_s === row.start_s &&
      last.end_s === row.end_s;
    if (same) return [];
    const told = last === undefined ? 'no history' : `history ends ${last.to_state}`;
    return [s3({ appointment: row.id, version: row.version }, `it is ${row.state}, its ${told}`)];
  });
}

function s3(ids: Violation['ids'], sentence: string): Violation {
  return { guarantee: 'S3', ids, sentence };
}
