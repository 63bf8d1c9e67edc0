const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

const maxSeconds = 100 * 366 * 86_400;

/** Seconds of a time such as 90d, 12h, 30m or 5s; at most a hundred years. */
export function timeSpan(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (unitSeconds[unit] ?? NaN);
  return seconds <= maxSeconds ? seconds : undefined;
}
