import type { Hold } from '../timeline.ts';

/** Which bookings may be given to another resource. */
export type MovePolicy = (hold: Hold) => boolean;

/**
 * The usual policy: a movable booking that starts `horizonSeconds` after `now` or later, and has
 * been moved fewer times than `maxMoves`. Who named a resource, was told a name, or has started,
 * stays.
 */
export function movePolicy(limits: {
  now: number;
  horizonSeconds: number;
  maxMoves: number;
}): MovePolicy {
  const earliest = limits.now + limits.horizonSeconds;
  return ({ pin, start, moves }) =>
    pin === 'movable' && start >= earliest && moves < limits.maxMoves;
}
