import type { Interval } from '../../domain/intervals.ts';
import { FIRST_INSTANT, LAST_INSTANT } from '../../domain/slot.ts';
import { compatibleByBuffers } from './compatible.ts';
import type { Compatible, Occupation } from './compatible.ts';
import type { ResourceState } from './resource-state.ts';

/** A lane that can take an occupation, and the seconds left idle around it there. */
export interface Room {
  ordinal: number;
  idleSeconds: number;
}

/** The lane with the least idle time left around the occupation; of equals the first. */
export function findRoom(
  resource: ResourceState,
  occupation: Occupation,
  { opening, compatible }: { opening: Interval; compatible: Compatible },
): Room | undefined {
  if (!isStorable(occupation)) return undefined;
  let ordinal = -1;
  let idleSeconds = Infinity;
  const { lanes, openLanes } = resource;
  for (let i = 0; i < openLanes; i += 1) {
    const idle = lanes[i]?.idleAround(occupation, opening, compatible) ?? -1;
    if (idle >= 0 && idle < idleSeconds) {
      ordinal = i;
      idleSeconds = idle;
    }
  }
  if (ordinal < 0 || !isWithinCapacity(resource, occupation)) return undefined;
  return { ordinal, idleSeconds };
}

/** Whether a lane is free when only buffers count. */
export function hasRoomByBuffers(
  resource: ResourceState,
  occupation: Occupation,
  opening: Interval,
): boolean {
  return findRoom(resource, occupation, { opening, compatible: compatibleByBuffers }) !== undefined;
}

/** Whether the occupation with its buffers lies within the years that the database takes. */
export function isStorable({ start, end, bufferBefore, bufferAfter }: Occupation): boolean {
  return start - bufferBefore >= FIRST_INSTANT && end + bufferAfter <= LAST_INSTANT;
}

// After the capacity shrank, bookings may stay on retired lanes. A free lane is then not enough:
// at no instant may the bookings of all lanes, retired ones included, outnumber the capacity.
// Intervals that nowhere overlap more than k deep always fit on k lanes.
function isWithinCapacity(resource: ResourceState, occupation: Occupation): boolean {
  if (!resource.isOverCapacity) return true;
  const busy = resource.lanes
    .flatMap((lane) => lane.conflicts(occupation, compatibleByBuffers))
    .map(busyInterval);
  const own = busyInterval(occupation);
  return [own, ...busy].every(({ start }) => {
    const instant = Math.max(start, own.start);
    const others = busy.filter((other) => other.start <= instant && instant < other.end);
    return others.length < resource.resource.capacity;
  });
}

function busyInterval({ start, end, bufferBefore, bufferAfter }: Occupation): Interval {
  return { start: start - bufferBefore, end: end + bufferAfter };
}
