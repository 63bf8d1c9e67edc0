import type { Compatible, Occupation } from './compatible.ts';

// No two bookings need more than this between them.
const MAX_SEPARATION_SECONDS = 30 * 86_400;

/** The first start at which the candidate, moved in time, can follow `before`. */
export function earliestStart(
  before: Occupation,
  candidate: Occupation,
  compatible: Compatible,
): number {
  const atBuffers = before.end + before.bufferAfter + candidate.bufferBefore;
  const seconds = candidate.end - candidate.start;
  const wait = leastWait((waiting) => {
    const start = atBuffers + waiting;
    return compatible(before, { ...candidate, start, end: start + seconds });
  });
  return atBuffers + wait;
}

/** The last start at which the candidate, moved in time, can precede `after`. */
export function latestStart(
  candidate: Occupation,
  after: Occupation,
  compatible: Compatible,
): number {
  const seconds = candidate.end - candidate.start;
  const atBuffers = after.start - after.bufferBefore - candidate.bufferAfter - seconds;
  const wait = leastWait((waiting) => {
    const start = atBuffers - waiting;
    return compatible({ ...candidate, start, end: start + seconds }, after);
  });
  return atBuffers - wait;
}

// Compatibility only gains by waiting, so bisection finds the second from which it holds.
function leastWait(isEnough: (waitingSeconds: number) => boolean): number {
  if (isEnough(0)) return 0;
  if (!isEnough(MAX_SEPARATION_SECONDS)) return Infinity;
  let tooShort = 0;
  let enough = MAX_SEPARATION_SECONDS;
  while (enough - tooShort > 1) {
    const middle = (tooShort + enough) >>> 1;
    if (isEnough(middle)) enough = middle;
    else tooShort = middle;
  }
  return enough;
}
