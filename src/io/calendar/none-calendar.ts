import type { Calendar } from './calendar.ts';

/** For resources without a calendar: agrees at once, and holds nothing. */
export const noneCalendar: Calendar = {
  kind: 'none',
  reserve: () => Promise.resolve({ kind: 'reserved', reference: null }),
  move: () => Promise.resolve({ kind: 'reserved', reference: null }),
  release: () => Promise.resolve(),
  list: () => Promise.resolve([]),
  busy: () => Promise.resolve({ intervals: [], unreadable: 0 }),
};
