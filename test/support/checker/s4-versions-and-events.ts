import type { EventFact, Facts } from './facts.ts';
import { appointmentName, grouped, versionName } from './grouped.ts';
import type { Ledger } from './ledger.ts';
import type { Violation } from './violation.ts';

/**
 * S4: versions are 1..n without gap, each with exactly one event; log positions have no gap; first
 * deliveries come in version order; equal (appointment, version) is equal bytes; a reader by cursor
 * misses none.
 */
export function versionsAndEvents(facts: Facts, ledger: Ledger): Violation[] {
  return [
    ...versionGaps(facts),
    ...eventsPerVersion(facts),
    ...logPositions(facts),
    ...orderOfDelivery(facts),
    ...bytes(facts, ledger),
    ...missedByReaders(facts, ledger),
  ];
}

function versionGaps(facts: Facts): Violation[] {
  return [...grouped(facts.history, appointmentName).values()].flatMap((rows) =>
    rows
      .filter(({ version }, index) => version !== index + 1)
      .slice(0, 1)
      .map(({ id, version }) => s4({ appointment: id, version }, 'a version before it is missing')),
  );
}

function eventsPerVersion(facts: Facts): Violation[] {
  const events = grouped([...facts.log, ...facts.outbox], versionName);
  return facts.history.flatMap((row) => {
    const count = events.get(versionName(row))?.length ?? 0;
    if (count === 1) return [];
    return [s4({ appointment: row.id, version: row.version }, `it has ${count} events`)];
  });
}

/** Gapless per shard up to the last position given out; the oldest may have been dropped. */
function logPositions(facts: Facts): Violation[] {
  const shards = grouped(facts.log, ({ shard }) => String(shard));
  return facts.shards.flatMap(({ shard, last_position }) => {
    const rows = shards.get(String(shard)) ?? [];
    const gap = rows.find(({ order }, index) => index > 0 && order !== rows[index - 1]!.order + 1);
    const last = rows.at(-1)?.order ?? last_position;
    return [
      ...(gap ? [s4({ shard, position: gap.order }, 'the position before it is missing')] : []),
      ...(last === last_position
        ? []
        : [s4({ shard, position: last }, `the shard says its last position is ${last_position}`)]),
    ];
  });
}

/** In the log and then in the outbox, an appointment's versions ascend within one shard. */
function orderOfDelivery(facts: Facts): Violation[] {
  const queue = grouped([...facts.log, ...facts.outbox], appointmentName);
  return [...queue.values()].flatMap((events) =>
    events.flatMap((event, index) => {
      const before = events[index - 1];
      if (before === undefined) return [];
      const ids = { appointment: event.id, version: event.version, shard: event.shard };
      if (before.shard !== event.shard) return [s4(ids, 'its events lie in two shards')];
      if (before.version < event.version) return [];
      return [s4(ids, `it is delivered after version ${before.version}`)];
    }),
  );
}

function bytes(facts: Facts, ledger: Ledger): Violation[] {
  const rows = [...facts.log, ...facts.outbox];
  const first = new Map<string, string>();
  const unlike = [
    ...rows.map((row) => ({ id: `${row.id}:${row.version}`, text: row.event })),
    ...ledger.deliveredEvents.map((text) => ({ id: envelope(text).id ?? '', text })),
  ].filter(({ id, text }) => {
    const known = first.get(id);
    if (known === undefined) first.set(id, text);
    return known !== undefined && known !== text;
  });
  return [
    ...unlike.map(({ id }) => s4({ event: id }, 'it was seen with different bytes')),
    ...rows.filter(isMislabelled).map(({ id, version }) => {
      return s4({ appointment: id, version }, 'its event names another appointment or version');
    }),
  ];
}

interface Envelope {
  id?: string;
  type?: string;
  subject?: string;
  sequence?: number;
  source?: string;
}

function envelope(text: string): Envelope {
  try {
    return JSON.parse(text) as Envelope;
  } catch {
    return {};
  }
}

function isMislabelled(row: EventFact): boolean {
  const { id, type, subject, sequence, source } = envelope(row.event);
  const named = id === `${row.id}:${row.version}` && subject === row.id;
  const numbered = Number(sequence) === row.version && type === row.type;
  return !named || !numbered || source !== `/tenants/${row.tenant}`;
}

function missedByReaders(facts: Facts, ledger: Ledger): Violation[] {
  const ahead = facts.cursors.flatMap(({ consumer, shard, position }) => {
    const last = facts.shards.find((row) => row.shard === shard)?.last_position ?? 0;
    return position <= last
      ? []
      : [s4({ consumer, shard, position }, `its cursor is past the end at ${last}`)];
  });
  if (!ledger.readToTheEnd) return ahead;
  const delivered = new Set(ledger.deliveredEvents.map((text) => envelope(text).id));
  const missed = facts.log
    .filter(({ id, version }) => !delivered.has(`${id}:${version}`))
    .map((row) => s4({ appointment: row.id, version: row.version }, 'a reader never got it'));
  return [...ahead, ...missed, ...deliveredOutOfOrder(ledger)];
}

function deliveredOutOfOrder(ledger: Ledger): Violation[] {
  const seen = new Map<string, number>();
  return ledger.deliveredEvents.flatMap((text) => {
    const { subject = '', sequence } = envelope(text);
    const version = Number(sequence);
    const last = seen.get(subject) ?? 0;
    if (version <= last) return [];
    seen.set(subject, version);
    if (version === last + 1) return [];
    return [s4({ appointment: subject, version }, `a reader got it right after ${last}`)];
  });
}

function s4(ids: Violation['ids'], sentence: string): Violation {
  return { guarantee: 'S4', ids, sentence };
}
