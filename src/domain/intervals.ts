/** Half-open, [start, end), in integer epoch seconds. A set of them is sorted and disjoint. */
export interface Interval {
  start: number;
  end: number;
}

/** Sorts, drops empty ones, joins what overlaps or touches. */
export function mergeIntervals(intervals: readonly Interval[]): Interval[] {
  const sorted = intervals
    .filter((interval) => interval.start < interval.end)
    .sort((a, b) => a.start - b.start);
  const merged: Interval[] = [];
  let last: Interval | undefined;
  for (const { start, end } of sorted) {
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push((last = { start, end }));
  }
  return merged;
}

/** What is in the first set but not in the second. */
export function subtractIntervals(
  set: readonly Interval[],
  removed: readonly Interval[],
): Interval[] {
  const left: Interval[] = [];
  let skipped = 0;
  for (const { start, end } of set) {
    let from = start;
    while ((removed[skipped]?.end ?? Infinity) <= start) skipped += 1;
    for (let i = skipped; i < removed.length; i += 1) {
      const hole = removed[i];
      if (hole === undefined || hole.start >= end) break;
      if (hole.start > from) left.push({ start: from, end: hole.start });
      from = Math.max(from, hole.end);
    }
    if (from < end) left.push({ start: from, end });
  }
  return left;
}

/** What is in both sets. */
export function intersectIntervals(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const both: Interval[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const left = a[i];
    const right = b[j];
    if (left === undefined || right === undefined) return both;
    const start = Math.max(left.start, right.start);
    const end = Math.min(left.end, right.end);
    if (start < end) both.push({ start, end });
    if (left.end < right.end) i += 1;
    else j += 1;
  }
}

/** The part of a set that lies within one interval. */
export function clipIntervals(set: readonly Interval[], { start, end }: Interval): Interval[] {
  return intersectIntervals(set.slice(firstEndingAfter(set, start)), [{ start, end }]);
}

/** The index of the first interval whose end is later than the instant. */
export function firstEndingAfter(set: readonly Interval[], instant: number): number {
  let low = 0;
  let high = set.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((set[middle]?.end ?? Infinity) <= instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The interval of a set that overlaps the given one first. */
export function firstOverlap(
  set: readonly Interval[],
  { start, end }: Interval,
): Interval | undefined {
  const candidate = set[firstEndingAfter(set, start)];
  return candidate !== undefined && candidate.start < end ? candidate : undefined;
}
