import { patterns } from '../contract/fields.ts';
import type { Violation } from '../contract/problem.ts';
import { hoursViolations, type DailyHours } from '../domain/working-hours.ts';
import { checkCalendar } from './check-calendar.ts';
import { memberOf } from './check-slot.ts';
import { checkTimeZone } from './check-time-zone.ts';

const wallTime = new RegExp(patterns.wallTime);

/** The rules of a resource that need neither the catalogue nor the clock. */
export function checkResource(body: unknown): Violation[] {
  return [
    ...checkTimeZone(memberOf(body, 'time_zone'), '/time_zone'),
    ...checkHours(memberOf(body, 'working_hours'), '/working_hours'),
    ...checkHours(memberOf(body, 'breaks'), '/breaks'),
    ...checkCalendar(memberOf(body, 'calendar')),
  ];
}

/** Hours in whose shape the schema finds no fault, but whose values make no sense. */
function checkHours(hours: unknown, pointer: string): Violation[] {
  if (!Array.isArray(hours)) return [];
  return hours.flatMap((row: unknown, index) => {
    if (!isDailyHours(row)) return [];
    // Of the days the schema has said everything.
    const times = hoursViolations([row]).filter(({ member }) => member !== 'days');
    return times.map(({ member, message }) => {
      return { pointer: `${pointer}/${index}/${member}`, code: 'hours', message };
    });
  });
}

function isDailyHours(row: unknown): row is DailyHours {
  const [days, start, end] = ['days', 'start', 'end'].map((name) => memberOf(row, name));
  const areTimes = [start, end].every((time) => typeof time === 'string' && wallTime.test(time));
  return areTimes && Array.isArray(days);
}
