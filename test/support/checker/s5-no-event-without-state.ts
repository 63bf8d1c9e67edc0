import type { EventFact, Facts, HistoryFact } from './facts.ts';
import { versionName } from './grouped.ts';
import type { Ledger } from './ledger.ts';
import type { Violation } from './violation.ts';

interface Told {
  subject?: string;
  sequence?: number;
  source?: string;
  data?: {
    state?: string;
    resource_id?: string | null;
    slot?: { start_time: string; end_time: string };
  };
}

/** S5: no event without its committed state, none before the commit; it tells that state. */
export function noEventWithoutState(facts: Facts, ledger: Ledger): Violation[] {
  const versions = new Map(facts.history.map((row) => [versionName(row), row]));
  const stored = [...facts.log, ...facts.outbox].flatMap((event) => {
    const row = versions.get(versionName(event));
    const ids = { appointment: event.id, version: event.version };
    if (row === undefined) return [s5(ids, 'there is an event, and no such version')];
    return isTold(event, row) ? [] : [s5(ids, 'its event tells another state, slot or resource')];
  });
  const early = facts.log.flatMap((event) => {
    const row = versions.get(versionName(event));
    if (row === undefined || event.appended_s >= Math.floor(row.at_s)) return [];
    return [s5({ appointment: event.id, version: event.version }, 'its event came before it')];
  });
  const delivered = ledger.deliveredEvents.flatMap((text) => {
    const { subject = '', sequence = 0, source = '' } = JSON.parse(text) as Told;
    const tenant = source.replace('/tenants/', '');
    if (versions.has(`${tenant}/${subject}:${sequence}`)) return [];
    return [s5({ appointment: subject, version: sequence }, 'a reader got it, it is not there')];
  });
  return [...stored, ...early, ...delivered];
}

function isTold(event: EventFact, row: HistoryFact): boolean {
  let told: Told;
  try {
    told = JSON.parse(event.event) as Told;
  } catch {
    return false;
  }
  const { state, slot, resource_id: resource } = told.data ?? {};
  if (state !== row.to_state || slot === undefined) return false;
  const sameSlot =
    Date.parse(slot.start_time) / 1000 === row.start_s &&
    Date.parse(slot.end_time) / 1000 === row.end_s;
  return sameSlot && (row.resource === null || resource === row.resource);
}

function s5(ids: Violation['ids'], sentence: string): Violation {
  return { guarantee: 'S5', ids, sentence };
}
