import { WEEKDAYS } from '../../src/domain/wall-time.ts';
import type { PlacementRequest } from '../../src/engine/placement/demand.ts';
import { Random } from '../../src/engine/placement/room-making/random.ts';
import type { RoomMade } from '../../src/engine/placement/room-making/make-room.ts';
import type { RegionState } from '../../src/engine/placement/region-state.ts';
import type { Hold } from '../../src/engine/placement/timeline.ts';
import * as make from './placement-region.ts';

/** A region in plain figures, minutes of one day, for checks that share no code with the engine. */
export interface SmallWorld {
  people: Person[];
  bookings: Booking[];
  request: { skill: string; start: number; end: number };
}

export interface Person {
  id: string;
  skills: string[];
  opens: number;
  closes: number;
  before: number;
  after: number;
  away: { start: number; end: number } | undefined;
  lanes: number[];
}

export interface Booking {
  id: string;
  skill: string;
  start: number;
  end: number;
  lane: number;
  /** Buffers it was made with. */
  before: number;
  after: number;
  movable: boolean;
}

export const MIDNIGHT = make.at('2026-06-01T00:00:00Z');

const SKILLS = ['consultation', 'massage', 'pickup'];

/** Few people, a short day that is nearly full, and one more request. */
export function smallWorld(seed: number): SmallWorld {
  const random = new Random(seed);
  const buffered = random.below(3) === 0;
  const people = Array.from({ length: 2 + random.below(3) }, (_, index) =>
    person(index, { random, buffered }),
  );
  const world: SmallWorld = { people, bookings: [], request: anyRequest(random) };
  for (let i = 0; i < 40 && world.bookings.length < 11; i += 1) {
    book(world, { ...anyRequest(random), id: `b${String(i).padStart(2, '0')}` }, random);
  }
  // Most requests should need a search: one that fits directly is only taken for want of others.
  const requests = Array.from({ length: 8 }, () => anyRequest(random));
  const crowded = requests.find((one) => isCapable(world, one) && !fits(world, one));
  return { ...world, request: crowded ?? world.request };
}

function isCapable({ people }: SmallWorld, request: SmallWorld['request']): boolean {
  return people.some((one) => serves(one, request));
}

function fits(world: SmallWorld, request: SmallWorld['request']): boolean {
  return freeLanes(world, { ...request, id: 'new' }).length > 0;
}

function person(
  index: number,
  { random, buffered }: { random: Random; buffered: boolean },
): Person {
  const capacity = random.below(4) === 0 ? 2 : 1;
  const start = 480 + 30 * random.below(14);
  return {
    id: `p${index}`,
    skills: SKILLS.filter((_, skill) => skill === index % 3 || random.below(2) === 0),
    opens: random.below(4) === 0 ? 600 : 480,
    closes: random.below(4) === 0 ? 780 : 900,
    before: buffered ? 10 * random.below(2) : 0,
    after: buffered ? 10 * random.below(3) : 0,
    away: random.below(4) === 0 ? { start, end: start + 30 } : undefined,
    lanes: Array.from({ length: capacity }, (_, ordinal) => make.laneOf(`p${index}`, ordinal)),
  };
}

function anyRequest(random: Random): SmallWorld['request'] {
  const start = 480 + 15 * random.below(24);
  const skill = SKILLS[random.below(3)] ?? '';
  return { skill, start, end: start + 15 * (1 + random.below(6)) };
}

function book(world: SmallWorld, asked: Asked, random: Random): void {
  const free = freeLanes(world, asked);
  const chosen = free[random.below(Math.max(1, free.length))];
  if (chosen !== undefined) world.bookings.push({ ...chosen, movable: random.below(5) > 0 });
}

type Asked = { id: string } & SmallWorld['request'];

function freeLanes(world: SmallWorld, asked: Asked): Booking[] {
  return world.people.flatMap((one) =>
    one.lanes
      .map((lane) => ({ ...asked, lane, before: one.before, after: one.after, movable: true }))
      .filter((booking) => serves(one, asked) && inTheWay(world, booking).length === 0),
  );
}

/** Whether the person could serve it if nothing were booked. */
export function serves(
  { skills, opens, closes, away }: Person,
  { skill, start, end }: { skill: string; start: number; end: number },
): boolean {
  if (!skills.includes(skill) || start < opens || end > closes) return false;
  return away === undefined || end <= away.start || start >= away.end;
}

/** The bookings with which this one would overlap on its lane. */
export function inTheWay(
  { bookings }: Pick<SmallWorld, 'bookings'>,
  one: Omit<Booking, 'movable' | 'skill'>,
): Booking[] {
  return bookings.filter(
    (other) =>
      other.lane === one.lane &&
      other.id !== one.id &&
      other.start - other.before < one.end + one.after &&
      one.start - one.before < other.end + other.after,
  );
}

export function personOn({ people }: SmallWorld, lane: number): Person | undefined {
  return people.find(({ lanes }) => lanes.includes(lane));
}

/** The world as the engine holds it. */
export function regionOfWorld({ people, bookings }: SmallWorld): RegionState {
  const state = make.regionOf();
  for (const skill of SKILLS) state.putServiceType(make.serviceType(skill));
  for (const one of people) {
    const hours = { days: [...WEEKDAYS], start: clock(one.opens), end: clock(one.closes) };
    state.putResource(
      make.resource(one.id, {
        serviceTypes: one.skills,
        workingHours: [hours],
        bufferBeforeSeconds: one.before * 60,
        bufferAfterSeconds: one.after * 60,
        capacity: one.lanes.length,
      }),
    );
    if (one.away === undefined) continue;
    state.putAbsence({ id: `away-${one.id}`, resourceId: one.id, ...slotOf(one.away) });
  }
  for (const booking of bookings) {
    const resourceId = people.find(({ lanes }) => lanes.includes(booking.lane))?.id ?? '';
    state.placeHold(holdOf(booking, resourceId));
  }
  return state;
}

export function requestOfWorld({ request }: SmallWorld): PlacementRequest {
  return { serviceType: request.skill, slot: slotOf(request) };
}

/** The world after a decision; the request is booked as `new`. */
export function worldAfter(world: SmallWorld, made: RoomMade): SmallWorld {
  const bookings = world.bookings.map((booking) => {
    const moved = made.moves.find(({ taken }) => taken.appointmentId === booking.id)?.taken;
    return moved === undefined ? booking : { ...booking, ...ofHold(moved) };
  });
  if (made.placement.kind === 'refused') return { ...world, bookings };
  const { laneId: lane, bufferBefore, bufferAfter } = made.placement;
  const buffers = { before: bufferBefore / 60, after: bufferAfter / 60 };
  const booked = { ...world.request, ...buffers, lane, id: 'new', movable: true };
  return { ...world, bookings: [...bookings, booked] };
}

function ofHold({ start, end, laneId, bufferBefore, bufferAfter }: Hold): Partial<Booking> {
  return {
    start: (start - MIDNIGHT) / 60,
    end: (end - MIDNIGHT) / 60,
    lane: laneId,
    before: bufferBefore / 60,
    after: bufferAfter / 60,
  };
}

function holdOf(booking: Booking, resourceId: string): Hold {
  return {
    ...slotOf(booking),
    appointmentId: booking.id,
    laneId: booking.lane,
    resourceId,
    bufferBefore: booking.before * 60,
    bufferAfter: booking.after * 60,
    serviceType: booking.skill,
    pin: booking.movable ? 'movable' : 'pinned',
    moves: 0,
  };
}

function slotOf({ start, end }: { start: number; end: number }): { start: number; end: number } {
  return { start: MIDNIGHT + start * 60, end: MIDNIGHT + end * 60 };
}

function clock(minute: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
