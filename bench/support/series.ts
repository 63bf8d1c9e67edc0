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
