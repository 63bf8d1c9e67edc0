import type { Certificate } from '../../src/engine/placement/room-making/certificate.ts';
import { inTheWay, MIDNIGHT, personOn, serves } from './small-world.ts';
import type { Booking, SmallWorld } from './small-world.ts';

/** What is wrong with the world after a decision, by the figures alone. */
export function wrongAfter(before: SmallWorld, after: SmallWorld): string[] {
  const wrong: string[] = [];
  for (const booking of after.bookings) {
    const { id, lane } = booking;
    const was = before.bookings.find((other) => other.id === id);
    if (was?.start !== booking.start || was.end !== booking.end) {
      if (id !== 'new') wrong.push(`${id} is at another time`);
    }
    for (const other of inTheWay(after, booking)) wrong.push(`${id} overlaps ${other.id}`);
    if (was?.lane === lane) continue;
    if (was?.movable === false) wrong.push(`${id} was moved though it is pinned`);
    const person = personOn(after, lane);
    if (person === undefined || !serves(person, booking)) wrong.push(`${id} cannot be on ${lane}`);
    if (person?.before !== booking.before || person.after !== booking.after) {
      wrong.push(`${id} has other buffers than its resource`);
    }
  }
  if (before.bookings.some(({ id }) => !after.bookings.some((other) => other.id === id))) {
    wrong.push('a booking is lost');
  }
  return wrong;
}

/** Whether the request fits when at most one booking moves. */
export function fitsWithOneMove(world: SmallWorld): boolean {
  return lanesOf(world, asBooking(world)).some((placed) => {
    const others = inTheWay(world, placed);
    const [only] = others;
    if (only === undefined) return true;
    if (others.length > 1 || !only.movable) return false;
    const without = world.bookings.filter(({ id }) => id !== only.id);
    const next = { ...world, bookings: [...without, placed] };
    return lanesOf(world, only).some((moved) => inTheWay(next, moved).length === 0);
  });
}

/** The fewest moves with which the request fits, by trying everything; undefined: it cannot. */
export function fewestMoves(world: SmallWorld): number | undefined {
  const kept = world.bookings.filter(({ movable }) => !movable);
  const open = world.bookings.filter(({ movable }) => movable);
  let best: number | undefined;
  const search = (placed: Booking[], index: number, moves: number): void => {
    if (best !== undefined && moves >= best) return;
    const next = open[index];
    if (next === undefined) {
      best = moves;
      return;
    }
    for (const at of [next, ...lanesOf(world, next).filter(({ lane }) => lane !== next.lane)]) {
      if (inTheWay({ bookings: placed }, at).length > 0) continue;
      search([...placed, at], index + 1, moves + (at.lane === next.lane ? 0 : 1));
    }
  };
  for (const at of lanesOf(world, asBooking(world))) {
    if (inTheWay({ bookings: kept }, at).length === 0) search([...kept, at], 0, 0);
  }
  return best;
}

/**
 * What is wrong with a certificate: each named booking must need a lane at the instant wherever it
 * is, all lanes it could have must be named, and they must be fewer than the bookings.
 */
export function wrongCertificate(
  world: SmallWorld,
  { instant, appointmentIds, laneIds }: Certificate,
): string[] {
  const wrong: string[] = [];
  const minute = (instant - MIDNIGHT) / 60;
  const named = new Set(laneIds);
  const pinned = world.bookings.filter(({ movable }) => !movable);
  const bookings = appointmentIds.map((id) => world.bookings.find((other) => other.id === id));
  for (const booking of [asBooking(world), ...bookings]) {
    if (booking === undefined || !booking.movable) {
      wrong.push('it names what cannot be moved');
      continue;
    }
    const stays = booking.lane === NO_LANE ? [] : [booking];
    for (const at of [...stays, ...lanesOf(world, booking)]) {
      if (minute < at.start - at.before || minute >= at.end + at.after) {
        wrong.push(`${at.id} does not need lane ${at.lane} at ${minute}`);
      }
      if (named.has(at.lane) || inTheWay({ bookings: pinned }, at).length > 0) continue;
      wrong.push(`${at.id} could be on lane ${at.lane}`);
    }
  }
  if (new Set(appointmentIds).size !== appointmentIds.length) wrong.push('a booking twice');
  if (named.size >= appointmentIds.length + 1) wrong.push('there are lanes enough');
  return wrong;
}

const NO_LANE = -1;

function asBooking({ request }: SmallWorld): Booking {
  return { ...request, id: 'new', lane: NO_LANE, before: 0, after: 0, movable: true };
}

/** The booking on each lane that could serve it, with the buffers it would have there. */
function lanesOf({ people }: SmallWorld, booking: Booking): Booking[] {
  return people
    .filter((person) => serves(person, booking))
    .flatMap(({ lanes, before, after }) =>
      lanes.map((lane) => ({ ...booking, lane, before, after })),
    );
}
