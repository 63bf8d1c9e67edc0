import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';

/** Bodies as they are PUT; ids are local and get the prefix of the run that uses them. */
export interface OfferedCatalogue {
  /** Epoch seconds; everything that is asked lies within a few days of it. */
  moment: number;
  serviceTypes: string[];
  locations: { id: string; time_zone: string }[];
  resources: OfferedResource[];
  absences: { resource: string; start: number; end: number }[];
  queries: OfferedQuery[];
}

export interface OfferedResource {
  id: string;
  service_types: string[];
  locations: string[];
  time_zone: string;
  working_hours: Hours[];
  breaks: Hours[];
  buffer_before_minutes: number;
  buffer_after_minutes: number;
  capacity: number;
  active: boolean;
}

interface Hours {
  days: Day[];
  start: string;
  end: string;
}

export interface OfferedQuery {
  serviceType: string;
  location?: string;
  resource?: string;
  from: number;
  to: number;
  durationMinutes: number;
  stepMinutes: number;
}

/** A moment to ask about, and the zone whose clocks change then. */
export interface ClockChange {
  zone: string;
  at: number;
}

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
type Day = (typeof days)[number];

// Changes of 30 minutes (Lord Howe), of 60 at 2:00, at midnight and against the sun (Casablanca),
// of two hours (Troll), and offsets of quarters (Chatham, Kathmandu).
const changing = [
  ...['Australia/Lord_Howe', 'America/New_York', 'Europe/Berlin', 'Africa/Casablanca'],
  ...['Antarctica/Troll', 'Pacific/Chatham', 'America/Santiago', 'Asia/Beirut', 'Africa/Cairo'],
];
const unchanging = ['UTC', 'Asia/Kathmandu', 'Pacific/Kiritimati'];

/** What is to come, from the next year on, so that a seed means the same for a while. */
export function changesAhead(nowMs: number): ClockChange[] {
  const year = new Date(nowMs).getUTCFullYear() + 1;
  const [fromMs, endMs] = [Date.UTC(year), Date.UTC(year + 6)];
  return changing.flatMap((zone) => {
    const found: ClockChange[] = [];
    let at = Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(zone);
    for (;;) {
      const next = at.getTimeZoneTransition('next');
      if (next === null || next.epochMilliseconds >= endMs) return found;
      found.push({ zone, at: next.epochMilliseconds / 1_000 });
      at = next;
    }
  });
}

/** Days that zones have skipped; none is planned, so that nobody can book around one any more. */
export const skippedDays: ClockChange[] = [
  { zone: 'Pacific/Apia', at: Date.UTC(2011, 11, 30, 10) / 1_000 },
  { zone: 'Pacific/Fakaofo', at: Date.UTC(2011, 11, 30, 11) / 1_000 },
  { zone: 'Pacific/Kwajalein', at: Date.UTC(1993, 7, 21, 12) / 1_000 },
];

const serviceTypes = ['s0', 's1'];
const resourceIds = ['r0', 'r1', 'r2'];

export function anyCatalogue(changes: ClockChange[]): fc.Arbitrary<OfferedCatalogue> {
  return fc.constantFrom(...changes).chain(({ zone, at: moment }) => {
    const anyZone = fc.oneof(
      { weight: 3, arbitrary: fc.constant(zone) },
      { weight: 1, arbitrary: fc.constantFrom(...changing, ...unchanging) },
    );
    return fc.record({
      moment: fc.constant(moment),
      serviceTypes: fc.constant(serviceTypes),
      locations: fc.tuple(
        anyZone.map((time_zone) => ({ id: 'l0', time_zone })),
        anyZone.map((time_zone) => ({ id: 'l1', time_zone })),
      ),
      resources: fc.tuple(...resourceIds.map((id) => anyResource(id, anyZone))),
      absences: fc.array(anyAbsence(moment), { maxLength: 2 }),
      queries: fc.array(anyQuery(moment), { minLength: 12, maxLength: 12 }),
    });
  });
}

function anyResource(id: string, zone: fc.Arbitrary<string>): fc.Arbitrary<OfferedResource> {
  const buffer = fc.constantFrom(0, 0, 0, 5, 10, 15, 60, 150);
  return fc.record({
    id: fc.constant(id),
    service_types: fc.subarray(serviceTypes, { minLength: 1 }),
    locations: fc.subarray(['l0', 'l1'], { minLength: 1 }),
    time_zone: zone,
    working_hours: fc.array(anyHours(), { minLength: 1, maxLength: 3 }),
    breaks: fc.array(anyBreak(), { maxLength: 2 }),
    buffer_before_minutes: buffer,
    buffer_after_minutes: buffer,
    capacity: fc.constantFrom(1, 1, 2, 3, 7),
    active: fc.integer({ min: 0, max: 15 }).map((number) => number > 0),
  });
}

function anyAbsence(moment: number): fc.Arbitrary<OfferedCatalogue['absences'][number]> {
  return fc
    .record({
      resource: fc.constantFrom(...resourceIds),
      start: fc.integer({ min: -288, max: 288 }).map((number) => moment + number * 300),
      minutes: fc.integer({ min: 1, max: 600 }),
    })
    .map(({ minutes, ...absence }) => ({ ...absence, end: absence.start + minutes * 60 }));
}

function anyQuery(moment: number): fc.Arbitrary<OfferedQuery> {
  return fc
    .record({
      serviceType: fc.constantFrom(...serviceTypes),
      location: fc.constantFrom(undefined, 'l0', 'l1'),
      resource: fc.constantFrom(undefined, undefined, undefined, ...resourceIds),
      from: fc.integer({ min: -120, max: 24 }).map((hours) => moment + hours * 3_600 + 17),
      hours: fc.integer({ min: 24, max: 240 }),
      durationMinutes: fc.constantFrom(7, 15, 30, 30, 45, 60, 90, 240),
      stepMinutes: fc.constantFrom(5, 15, 15, 30, 45, 60, 7),
    })
    .map(({ location, resource, hours, ...query }) => ({
      ...query,
      to: query.from + hours * 3_600,
      ...(location !== undefined && { location }),
      ...(resource !== undefined && { resource }),
    }));
}

// Long days, nights past midnight, and now and then anything at all.
function anyHours(): fc.Arbitrary<Hours> {
  const times = fc.oneof(
    fc.tuple(anyTime(0, 10), fc.oneof(anyTime(14, 24), fc.constant('24:00'))),
    fc.tuple(anyTime(14, 24), anyTime(0, 10)),
    fc.tuple(anyTime(0, 24), anyTime(0, 24)).filter(([start, end]) => start !== end),
  );
  return fc.tuple(anyDays(), times).map(([on, [start, end]]) => ({ days: on, start, end }));
}

function anyBreak(): fc.Arbitrary<Hours> {
  const times = fc.integer({ min: 0, max: 23 }).chain((hour) => {
    const next = (hour + 1) % 24;
    return fc.tuple(anyTime(hour, hour + 1), anyTime(next, next + 1));
  });
  return fc.tuple(anyDays(), times).map(([on, [start, end]]) => ({ days: on, start, end }));
}

function anyDays(): fc.Arbitrary<Day[]> {
  return fc.oneof(fc.constant<Day[]>([...days]), fc.subarray<Day>([...days], { minLength: 3 }));
}

function anyTime(fromHour: number, toHour: number): fc.Arbitrary<string> {
  return fc.integer({ min: fromHour * 12, max: toHour * 12 - 1 }).map((fives) => {
    const two = (value: number): string => String(value).padStart(2, '0');
    return `${two(Math.floor(fives / 12))}:${two((fives % 12) * 5)}`;
  });
}

interface Span {
  start: number;
  end: number;
}

/**
 * Some of the slots, so far apart that none can take the room of another on whatever resource each
 * of them is placed: in order of a random rank, those that keep the widest buffers to all before.
 */
export function apart<S extends Span>(
  slots: readonly S[],
  { resources }: OfferedCatalogue,
  choice: { random: () => number; most: number },
): S[] {
  const minutes = resources.map((one) => one.buffer_before_minutes + one.buffer_after_minutes);
  const gap = Math.max(...minutes) * 60;
  const ranked = slots.map((slot) => ({ slot, rank: choice.random() }));
  const chosen: S[] = [];
  for (const { slot } of ranked.sort((a, b) => a.rank - b.rank)) {
    if (chosen.length === choice.most) break;
    const isClear = ({ start, end }: S): boolean =>
      slot.start >= end + gap || slot.end + gap <= start;
    if (chosen.every(isClear)) chosen.push(slot);
  }
  return chosen;
}
