export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

/** How many times `ours` is `theirs`: the medians, and in brackets each round by itself. */
export function ratio({ ours, theirs }: Record<'ours' | 'theirs', readonly number[]>): string {
  const rounds = ours.map((value, round) => (value / (theirs[round] ?? NaN)).toFixed(2));
  return `${(median(ours) / median(theirs)).toFixed(2)} x (${rounds.join(', ')})`;
}

/** The value below which the share of the others lies; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}
