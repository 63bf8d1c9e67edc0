import type { Facts, HistoryFact } from './facts.ts';
import { appointmentName, finals, grouped, versionName } from './grouped.ts';
import { eventName, eventsTelling } from './legal-table.ts';
import type { Violation } from './violation.ts';

/** S6: the steps of an appointment are legal words of the state table; final states stay. */
export function legalWords(facts: Facts): Violation[] {
  const types = new Map([...facts.log, ...facts.outbox].map((row) => [versionName(row), row.type]));
  return [...grouped(facts.history, appointmentName).values()].flatMap((rows) =>
    rows.flatMap((row, index) => {
      const type = types.get(versionName(row));
      return objections(row, rows[index - 1], type).map((sentence) => ({
        guarantee: 'S6' as const,
        ids: { appointment: row.id, version: row.version },
        sentence,
      }));
    }),
  );
}

function objections(
  row: HistoryFact,
  before: HistoryFact | undefined,
  type: string | undefined,
): string[] {
  const name = type === undefined ? undefined : eventName(type);
  const { from_state: from, to_state: to } = row;
  const step = `${from ?? 'none'} → ${to}`;
  // The kit that brings appointments over may set any state.
  if (name === 'imported') return [];
  const found: string[] = [];
  if (from !== (before?.to_state ?? null)) {
    found.push(`it steps ${step}, and stood at ${before?.to_state ?? 'none'}`);
  }
  if (before !== undefined && finals.has(before.to_state)) found.push('it left a final state');
  const telling = eventsTelling(from, to);
  if (telling.length === 0) found.push(`${step} is no step of the table`);
  else if (type !== undefined && (name === undefined || !telling.includes(name))) {
    found.push(`${step} is told as ${type}`);
  }
  if (to === 'FAILED' && row.reason === null) found.push('it failed without a reason');
  if (before !== undefined && movedIllegally(row, before)) {
    found.push(`its slot changed in a step ${step}`);
  }
  return found;
}

/** A slot may change in SCHEDULED and CONFIRMED, by a reschedule, which leads to SCHEDULED. */
function movedIllegally(row: HistoryFact, before: HistoryFact): boolean {
  const moved = row.start_s !== before.start_s || row.end_s !== before.end_s;
  const mayMove =
    ['SCHEDULED', 'CONFIRMED'].includes(before.to_state) && row.to_state === 'SCHEDULED';
  return moved && !mayMove;
}
