import { timeZone } from '../../domain/time-zone.ts';
import { DAY_SECONDS, dateOfDay, weekdayOfDay, type Weekday } from '../../domain/wall-time.ts';

const weekdays: Record<Weekday, string> = {
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
};
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September'],
  ...['October', 'November', 'December'],
];

/**
 * A slot as people read it, with its zone named:
 * `Monday, 2 March 2026, 14:00 to 14:30 (Europe/Zurich, UTC+01:00)`. Instants are epoch seconds.
 */
export function slotText({ start, end }: { start: number; end: number }, zoneName: string): string {
  const from = wallClock(start, zoneName);
  const to = wallClock(end, zoneName);
  const until = from.date === to.date ? to.time : `${to.date}, ${to.time}`;
  const offsets = from.offset === to.offset ? from.offset : `${from.offset}, then ${to.offset}`;
  const zone = zoneName === 'UTC' ? 'UTC' : `${zoneName}, ${offsets}`;
  return `${from.date}, ${from.time} to ${until} (${zone})`;
}

function wallClock(at: number, zoneName: string): { date: string; time: string; offset: string } {
  const offset = timeZone(zoneName).offsetAt(at);
  const day = Math.floor((at + offset) / DAY_SECONDS);
  const { year, month, day: dayOfMonth } = dateOfDay(day);
  const date = `${weekdays[weekdayOfDay(day)]}, ${dayOfMonth} ${months[month - 1] ?? ''} ${year}`;
  const sign = offset < 0 ? '-' : '+';
  return {
    date,
    time: hoursAndMinutes(at + offset - day * DAY_SECONDS),
    offset: `UTC${sign}${hoursAndMinutes(Math.abs(offset))}`,
  };
}

function hoursAndMinutes(seconds: number): string {
  const hours = String(Math.floor(seconds / 3_600)).padStart(2, '0');
  return `${hours}:${String(Math.floor(seconds / 60) % 60).padStart(2, '0')}`;
}
