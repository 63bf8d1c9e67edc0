import type { Facts, HistoryFact } from './facts.ts';
import { appointmentName, grouped, holders } from './grouped.ts';
import type { Violation } from './violation.ts';

/**
 * S1: no two appointments that hold a slot overlap on a lane, buffers included, at any instant.
 *
 * Three views that share no code of the product: the changes of holds in the history, replayed by
 * (region, position); the holds as they stand; and the booked slots against each resource's
 * capacity, which knows nothing of lanes.
 */
export function noOverlap(facts: Facts): Violation[] {
  return [
    ...overlapsInHistory(facts),
    ...holdsAgainstHistory(facts),
    ...overlapsNow(facts),
    ...holdsOutOfPlace(facts),
    ...overCapacity(facts),
  ];
}

/** A hold and the stretch of its region's positions during which it stood. */
interface Period {
  name: string;
  id: string;
  region: string;
  lane: number;
  start: number;
  end: number;
  from: number;
  until: number;
}

function periodsOf(facts: Facts): Period[] {
  const changes = facts.history.filter((row) => row.position !== null);
  return [...grouped(changes, appointmentName).values()].flatMap((rows) =>
    rows.flatMap((row, index): Period[] => {
      const { lane, busy_start_s: start, busy_end_s: end, position: from } = row;
      if (lane === null || start === null || end === null || from === null) return [];
      const until = endOf(row, rows[index + 1]);
      const region = `${row.tenant}/${row.region}`;
      return [{ name: appointmentName(row), id: row.id, region, lane, start, end, from, until }];
    }),
  );
}

// Positions of different regions have no order between them: a hold that left its region stands
// from then on only in the other region's replay.
function endOf(row: HistoryFact, next: HistoryFact | undefined): number {
  if (next === undefined) return Infinity;
  return next.region === row.region ? (next.position ?? 0) : (row.position ?? 0);
}

function overlapsInHistory(facts: Facts): Violation[] {
  const periods = periodsOf(facts);
  const backwards = periods
    .filter(({ from, until }) => until < from)
    .map(({ id, from, until }) =>
      s1({ appointment: id }, `its hold of position ${from} is changed at ${until}, before it`),
    );
  const meetings = meetingPairs(periods, ({ region, lane }) => `${region}/${lane}`)
    .filter(([a, b]) => a.name !== b.name && a.from < b.until && b.from < a.until)
    .map(([a, b]) =>
      s1(
        { appointment: a.id, other: b.id, lane: a.lane },
        `both held the lane at position ${Math.max(a.from, b.from)} of ${a.region}`,
      ),
    );
  return [...backwards, ...meetings];
}

function holdsAgainstHistory(facts: Facts): Violation[] {
  const told = new Map(
    periodsOf(facts)
      .filter(({ until }) => until === Infinity)
      .map((period) => [period.name, period]),
  );
  const held = new Map(facts.holds.map((hold) => [appointmentName(hold), hold]));
  const imported = new Set(
    facts.appointments.filter(({ origin }) => origin !== 'api').map(appointmentName),
  );
  const unlike = facts.holds.flatMap((hold) => {
    const period = told.get(appointmentName(hold));
    if (period === undefined) {
      if (imported.has(appointmentName(hold))) return [];
      return [s1({ appointment: hold.id }, 'a hold stands that no history row tells of')];
    }
    const same =
      period.lane === hold.lane &&
      period.start === hold.busy_start_s &&
      period.end === hold.busy_end_s;
    return same ? [] : [s1({ appointment: hold.id }, 'its hold is not the one its history tells')];
  });
  const missing = [...told.values()]
    .filter(({ name }) => !held.has(name))
    .map(({ id }) => s1({ appointment: id }, 'its history tells of a hold that is not there'));
  return [...unlike, ...missing];
}

function overlapsNow(facts: Facts): Violation[] {
  const spans = facts.holds.map((hold) => ({
    ...hold,
    start: hold.busy_start_s,
    end: hold.busy_end_s,
  }));
  return meetingPairs(spans, ({ lane }) => String(lane)).map(([a, b]) =>
    s1({ appointment: a.id, other: b.id, lane: a.lane }, 'both hold the lane now'),
  );
}

/** A hold stands on a lane of its appointment's resource and covers the slot with its buffers. */
function holdsOutOfPlace(facts: Facts): Violation[] {
  const appointments = new Map(facts.appointments.map((row) => [appointmentName(row), row]));
  const laneOwner = new Map(facts.lanes.map((row) => [row.lane, `${row.tenant}/${row.resource}`]));
  return facts.holds.flatMap((hold) => {
    const appointment = appointments.get(appointmentName(hold));
    if (appointment === undefined || !holders.has(appointment.state)) return [];
    const found: Violation[] = [];
    if (laneOwner.get(hold.lane) !== `${hold.tenant}/${appointment.resource}`) {
      found.push(s1({ appointment: hold.id, lane: hold.lane }, 'the lane is not its resource’s'));
    }
    const covers =
      hold.busy_start_s === appointment.start_s - hold.before_s &&
      hold.busy_end_s === appointment.end_s + hold.after_s;
    if (!covers) {
      found.push(s1({ appointment: hold.id }, 'its hold is not its slot plus the buffers'));
    }
    return found;
  });
}

/** At no instant more holders on a resource, buffers included, than it ever had room for. */
function overCapacity(facts: Facts): Violation[] {
  const holdOf = new Map(facts.holds.map((hold) => [appointmentName(hold), hold]));
  const booked = facts.appointments.filter(
    ({ state, historic, resource }) => holders.has(state) && !historic && resource !== null,
  );
  const byResource = grouped(booked, ({ tenant, resource }) => `${tenant}/${resource}`);
  const room = capacities(facts);
  return [...byResource].flatMap(([name, appointments]) => {
    const resource = facts.resources.find(({ tenant, id }) => `${tenant}/${id}` === name);
    if (resource === undefined) return [s1({ resource: name }, 'bookings on an unknown resource')];
    const edges = appointments.flatMap((appointment) => {
      const buffers = holdOf.get(appointmentName(appointment)) ?? resource;
      return [
        { at: appointment.start_s - buffers.before_s, step: 1 },
        { at: appointment.end_s + buffers.after_s, step: -1 },
      ];
    });
    // A booking that ends where another begins has left before it comes.
    edges.sort((a, b) => a.at - b.at || a.step - b.step);
    let count = 0;
    const peak = edges.reduce((highest, { step }) => Math.max(highest, (count += step)), 0);
    const limit = room.get(name) ?? 0;
    return peak <= limit
      ? []
      : [s1({ resource: name }, `${peak} bookings at one instant, with room for ${limit}`)];
  });
}

// What was booked while there was more room stays where it is when the room shrinks.
function capacities(facts: Facts): Map<string, number> {
  const room = new Map(facts.resources.map((row) => [`${row.tenant}/${row.id}`, row.capacity]));
  for (const { tenant, operation, state, payload } of facts.commands) {
    if (operation !== 'put-resource' || state !== 'applied') continue;
    const { value = {} } = payload as { value?: { id?: string; capacity?: number } };
    const { id, capacity } = value;
    const name = `${tenant}/${id}`;
    room.set(name, Math.max(room.get(name) ?? 0, capacity ?? 1));
  }
  return room;
}

interface Span {
  start: number;
  end: number;
}

/** Every two spans of a lane that share a second. */
function meetingPairs<S extends Span>(spans: S[], laneOf: (span: S) => string): [S, S][] {
  return [...grouped(spans, laneOf).values()].flatMap((lane) => {
    const ordered = lane.toSorted((a, b) => a.start - b.start);
    return ordered.flatMap((a, index) => {
      const pairs: [S, S][] = [];
      for (let next = index + 1; next < ordered.length; next++) {
        const b = ordered[next];
        if (b === undefined || b.start >= a.end) break;
        pairs.push([a, b]);
      }
      return pairs;
    });
  });
}

function s1(ids: Violation['ids'], sentence: string): Violation {
  return { guarantee: 'S1', ids, sentence };
}
