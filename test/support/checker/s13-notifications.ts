import type { Facts } from './facts.ts';
import { grouped, versionName } from './grouped.ts';
import type { Ledger } from './ledger.ts';
import { eventName } from './legal-table.ts';
import type { Violation } from './violation.ts';

/**
 * S13: at least one notification per required transition, at most one per (transition, channel,
 * recipient) unless a send was ambiguous, none for what did not commit.
 */
export function notificationsOnce(
  facts: Facts,
  ledger: Ledger,
  required: ReadonlySet<string>,
): Violation[] {
  return [
    ...missing(facts, required),
    ...doubled(facts),
    ...uncalledFor(facts, required),
    ...mailsTwice(facts, ledger),
    ...mailsMissing(facts, ledger),
  ];
}

interface Row {
  tenant: string;
  appointment: string;
  version: number;
}

const transition = (row: Row): string => `${row.tenant}/${row.appointment}:${row.version}`;

function transitions(facts: Facts): Map<string, string> {
  return new Map(
    [...facts.log, ...facts.outbox].map((row) => [versionName(row), eventName(row.type) ?? '']),
  );
}

function missing(facts: Facts, required: ReadonlySet<string>): Violation[] {
  const told = new Set(facts.notifications.map(transition));
  return facts.log
    .filter(({ type }) => required.has(eventName(type) ?? ''))
    .filter((row) => !told.has(versionName(row)))
    .map(({ id, version, type }) =>
      s13({ appointment: id, version }, `nobody was notified of ${type}`),
    );
}

function doubled(facts: Facts): Violation[] {
  const rows = grouped(
    facts.notifications,
    (row) => `${transition(row)}/${row.channel}/${row.recipient}`,
  );
  return [...rows.values()]
    .filter((same) => same.length > 1)
    .map((same) => {
      const [row] = same;
      const ids = { appointment: row?.appointment ?? '', version: row?.version ?? 0 };
      return s13(ids, `one recipient has ${same.length} notifications of one transition`);
    });
}

function uncalledFor(facts: Facts, required: ReadonlySet<string>): Violation[] {
  const committed = new Set(facts.history.map(versionName));
  const names = transitions(facts);
  return facts.notifications.flatMap((row) => {
    const ids = { appointment: row.appointment, version: row.version };
    const name = names.get(transition(row));
    if (!committed.has(transition(row))) return [s13(ids, 'it is about what did not commit')];
    if (name !== undefined && !required.has(name)) return [s13(ids, `nobody asked for ${name}`)];
    if (row.state === 'pending' || row.state === 'sending') {
      return [s13(ids, `it is still ${row.state}`)];
    }
    return [];
  });
}

/** What arrived, which no row can deny. */
function mailsTwice(facts: Facts, ledger: Ledger): Violation[] {
  const ambiguous = new Map<string, number>();
  for (const row of facts.notifications) {
    const name = `${row.appointment}:${row.version}`;
    ambiguous.set(name, (ambiguous.get(name) ?? 0) + row.ambiguous);
  }
  const committed = new Set(facts.history.map(({ id, version }) => `${id}:${version}`));
  const mails = grouped(ledger.mails, (mail) => `${mail.appointmentId}:${mail.version}`);
  return [...mails].flatMap(([name, copies]) => {
    if (!committed.has(name)) return [s13({ version: name }, 'a mail tells what did not commit')];
    return [...grouped(copies, ({ recipient }) => recipient).values()]
      .filter((same) => same.length > 1 + (ambiguous.get(name) ?? 0))
      .map((same) => s13({ version: name }, `one recipient got ${same.length} mails of it`));
  });
}

/** Where mails are looked at: what is said to be sent has arrived. */
function mailsMissing(facts: Facts, ledger: Ledger): Violation[] {
  if (ledger.mails.length === 0) return [];
  const arrived = new Set(ledger.mails.map((mail) => `${mail.appointmentId}:${mail.version}`));
  return facts.notifications
    .filter(({ state }) => state === 'sent')
    .filter(({ appointment, version }) => !arrived.has(`${appointment}:${version}`))
    .map(({ appointment, version }) =>
      s13({ appointment, version }, 'it is said to be sent, and no mail of it has come'),
    );
}

function s13(ids: Violation['ids'], sentence: string): Violation {
  return { guarantee: 'S13', ids, sentence };
}
