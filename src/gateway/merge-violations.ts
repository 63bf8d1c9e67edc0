import type { Violation } from '../contract/problem.ts';

/**
 * The violations of several sources as one list: pointers in order, then parameters. What a later
 * source says about a place that an earlier one has named already is dropped.
 */
export function mergeViolations(sources: readonly (readonly Violation[])[]): Violation[] {
  const merged: Violation[] = [];
  const reported = new Set<string>();
  for (const source of sources) {
    if (source.length === 0) continue;
    const fresh = source.filter((violation) => !reported.has(placeOf(violation)));
    merged.push(...fresh);
    for (const violation of fresh) reported.add(placeOf(violation));
  }
  return merged.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : placeOf(a) > placeOf(b) ? 1 : 0));
}

function placeOf({ pointer, parameter }: Violation): string {
  return pointer === undefined ? `?${parameter ?? ''}` : pointer;
}
