import type { Clock } from '../clock.ts';
import { createEgressGuard, type EgressGuardOptions } from '../egress/egress-guard.ts';
import { GuardedHttp } from '../egress/guarded-http.ts';
import type { Calendar, CalendarAccess } from './calendar.ts';
import { CaldavCalendar } from './caldav/caldav-calendar.ts';
import { IcsReader } from './caldav/ics-reader.ts';
import { noneCalendar } from './none-calendar.ts';

export interface OpenCalendarsOptions {
  clock: Clock;
  egress: EgressGuardOptions;
  /** Larger answers are not read to their end, and fail. */
  maxAnswerBytes?: number;
}

/** The calendars of resources. Making one costs nothing: connections and the reader are shared. */
export interface Calendars {
  /** @throws RangeError for an access that the contract would not have let through */
  of(access: CalendarAccess | null): Calendar;
  close(): Promise<void>;
}

const defaultMaxAnswerBytes = 4 * 1024 * 1024;

export function openCalendars(options: OpenCalendarsOptions): Calendars {
  const { clock, egress, maxAnswerBytes = defaultMaxAnswerBytes } = options;
  const http = new GuardedHttp({ guard: createEgressGuard(egress), maxAnswerBytes });
  const reader = new IcsReader(clock);
  return {
    of: (access) => {
      if (access === null || access.kind === 'none') return noneCalendar;
      return new CaldavCalendar(access, { http, reader, clock });
    },
    close: async () => {
      http.close();
      await reader.close();
    },
  };
}
