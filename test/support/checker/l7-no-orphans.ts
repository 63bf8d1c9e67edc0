import type { AppointmentFact, Facts } from './facts.ts';
import { appointmentName, grouped, holders } from './grouped.ts';
import type { Violation } from './violation.ts';

/**
 * L7: no orphan state. An imported appointment has neither command nor saga, and a historic one
 * holds nothing.
 */
export function noOrphans(facts: Facts): Violation[] {
  const held = new Set(facts.holds.map(appointmentName));
  const sagas = grouped(facts.sagas, (saga) => `${saga.tenant}/${saga.appointment}`);
  const pending = new Set(
    facts.commands
      .filter(({ state }) => state === 'pending')
      .map(({ tenant, appointment }) => `${tenant}/${appointment}`),
  );
  const found = facts.appointments.flatMap((row) => {
    const name = appointmentName(row);
    const here: string[] = [];
    if (row.origin === 'api' && row.state === 'INIT') {
      const waits = pending.has(name);
      here.push(waits ? 'it is INIT, its command undecided' : 'it is INIT and no command waits');
    }
    if (row.origin === 'api' && row.state === 'SCHEDULED' && !hasSaga(row, sagas.get(name))) {
      here.push('it is SCHEDULED and no saga is at work on it');
    }
    if (holders.has(row.state) && !row.historic && !held.has(name)) {
      here.push(`it is ${row.state} without a hold`);
    }
    return here.map((sentence) => l7({ appointment: row.id }, sentence));
  });
  const entitled = new Set(
    facts.appointments
      .filter(({ state, historic }) => holders.has(state) && !historic)
      .map(appointmentName),
  );
  const stray = facts.holds
    .filter((hold) => !entitled.has(appointmentName(hold)))
    .map(({ id, lane }) => l7({ appointment: id, lane }, 'a hold stands without its holder'));
  return [...found, ...stray];
}

/** A saga that has ended at an older version brings nobody from SCHEDULED to CONFIRMED. */
function hasSaga(row: AppointmentFact, sagas: Facts['sagas'] = []): boolean {
  return (
    sagas.some(({ finished }) => !finished) || sagas.some((saga) => saga.version === row.version)
  );
}

function l7(ids: Violation['ids'], sentence: string): Violation {
  return { guarantee: 'L7', ids, sentence };
}
