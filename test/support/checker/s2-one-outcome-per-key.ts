import type { Facts } from './facts.ts';
import { grouped } from './grouped.ts';
import type { Acknowledged, Ledger, LedgerEntry } from './ledger.ts';
import type { Violation } from './violation.ts';

const dayS = 24 * 3600;

/**
 * S2: (tenant, operation, key) has exactly one outcome, at most one appointment per key, and other
 * content under a used key is refused and changes nothing.
 */
export function oneOutcomePerKey(facts: Facts, ledger: Ledger): Violation[] {
  const keyed = ledger.entries.filter(({ key }) => key !== undefined);
  const acknowledged = grouped(ledger.acknowledged(), keyName);
  const found = [...grouped(keyed, keyName)].flatMap(([name, entries]) =>
    checkKey(name, entries, acknowledged.get(name) ?? []),
  );
  return [...found, ...againstTheTable(facts, acknowledged), ...doubled(facts)];
}

function keyName(row: { tenant: string; operation: string; key?: string }): string {
  return `${row.tenant}/${row.operation}/${row.key}`;
}

function checkKey(name: string, entries: LedgerEntry[], told: Acknowledged[]): Violation[] {
  const first = told.toSorted((a, b) => a.endedMs - b.endedMs)[0];
  if (first === undefined) return [];
  const found: Violation[] = [];
  const count = (values: (string | undefined)[]): number =>
    new Set(values.filter((value) => value !== undefined)).size;
  const contents = count(told.map(({ content }) => content));
  if (contents > 1) found.push(s2({ key: name }, `${contents} different contents were accepted`));
  const commands = count(told.map(({ commandId }) => commandId));
  if (commands > 1) found.push(s2({ key: name }, `it was told ${commands} command ids`));
  const appointments = count(told.map(({ answer }) => answer.appointmentId));
  if (appointments > 1) found.push(s2({ key: name }, `it was told ${appointments} appointments`));
  for (const entry of entries) {
    if (entry.startedMs < first.endedMs || contents > 1) continue;
    const why = entry.content === first.content ? notTheOutcome(entry) : notRefusedAsReused(entry);
    if (why !== undefined) found.push(s2({ key: name, command: first.commandId }, why));
  }
  return found;
}

/** Answers that decide nothing: the client is to come again. */
function isUndecided({ answer }: LedgerEntry): boolean {
  if (answer === undefined || [429, 502, 503, 504].includes(answer.status)) return true;
  return answer.code === 'key-in-flight';
}

function notTheOutcome(entry: LedgerEntry): string | undefined {
  if (isUndecided(entry) || entry.answer?.commandId !== undefined) return undefined;
  const { status, code = '' } = entry.answer ?? {};
  return `the same content was answered ${status} ${code} after it had been acknowledged`;
}

function notRefusedAsReused(entry: LedgerEntry): string | undefined {
  if (isUndecided(entry)) return undefined;
  const { status, code } = entry.answer ?? {};
  // These checks come before the key's.
  if (status === 404 || (status === 422 && code === 'validation-failed')) return undefined;
  if (status === 422 && code === 'idempotency-key-reused') return undefined;
  return `other content was answered ${status} ${code ?? ''} instead of 422 as reused`;
}

function againstTheTable(facts: Facts, told: Map<string, Acknowledged[]>): Violation[] {
  const rows = grouped(facts.keys, keyName);
  return [...told].flatMap(([name, entries]) => {
    const stored = rows.get(name) ?? [];
    if (stored.length > 1) return [s2({ key: name }, `it is stored ${stored.length} times`)];
    const [row] = stored;
    if (row === undefined) return [s2({ key: name }, 'an acknowledged key is not stored')];
    return entries
      .filter(({ commandId, answer }) => {
        const subject = answer.appointmentId ?? row.subject;
        return commandId !== row.command || subject !== row.subject;
      })
      .map(({ commandId }) => s2({ key: name, command: commandId }, 'it is stored for another'));
  });
}

/** One create per key and per appointment, also where no client remembers. */
function doubled(facts: Facts): Violation[] {
  const subjects = new Set(
    facts.keys
      .filter(({ operation }) => operation === 'create')
      .map(({ tenant, subject }) => `${tenant}/${subject}`),
  );
  const creates = facts.commands.filter(({ operation }) => operation === 'create');
  const byAppointment = grouped(creates, (row) => `${row.tenant}/${row.appointment}`);
  return [...byAppointment].flatMap(([name, commands]) => {
    const found: Violation[] = [];
    if (commands.length > 1) {
      found.push(s2({ appointment: name }, `${commands.length} commands created it`));
    }
    const young = commands.some(({ age_s }) => age_s < dayS);
    if (young && !subjects.has(name)) {
      found.push(s2({ appointment: name }, 'it was created under no key'));
    }
    return found;
  });
}

function s2(ids: Violation['ids'], sentence: string): Violation {
  return { guarantee: 'S2', ids, sentence };
}
