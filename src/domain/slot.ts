import { DAY_SECONDS, dateOfDay, dayNumber, daysInMonth } from './wall-time.ts';

/** Half-open, [start, end), in integer epoch seconds. */
export interface Slot {
  start: number;
  end: number;
}

export const MAX_SLOT_SECONDS = 4 * 3_600;

/** 0001-01-01T00:00:00Z and 9998-12-31T23:59:59Z: the database holds no busy time beyond. */
export const FIRST_INSTANT = -62_135_596_800;
export const LAST_INSTANT = 253_370_764_799;

export function slotsOverlap(a: Slot, b: Slot): boolean {
  return a.start < b.end && b.start < a.end;
}

export function slotSeconds(slot: Slot): number {
  return slot.end - slot.start;
}

/** Whether a slot is not empty, not reversed and at most four hours long. */
export function isSlotLength(slot: Slot): boolean {
  return slot.start < slot.end && slot.end - slot.start <= MAX_SLOT_SECONDS;
}

const ZERO = 48;
const DOT = 46;

/**
 * Epoch seconds of an RFC 3339 instant in the form `YYYY-MM-DDTHH:MM:SSZ`, years 1 to 9998, with
 * upper-case T and Z. A fraction made of zeros is accepted; leap seconds, 24:00, other fractions,
 * offsets and dates that do not exist give undefined.
 */
export function parseInstant(text: string): number | undefined {
  const last = text.length - 1;
  if (last < 19 || text[last] !== 'Z' || text[10] !== 'T') return undefined;
  if (text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':') return undefined;
  if (last > 19 && !isZeroFraction(text, last)) return undefined;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hours = twoDigits(text, 11);
  const minutes = twoDigits(text, 14);
  const seconds = twoDigits(text, 17);
  // A part that is no number is NaN, for which every comparison is false.
  const exists =
    year >= 1 &&
    year <= 9_998 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysInMonth(year, month) &&
    hours <= 23 &&
    minutes <= 59 &&
    seconds <= 59;
  if (!exists) return undefined;
  return dayNumber({ year, month, day }) * DAY_SECONDS + hours * 3_600 + minutes * 60 + seconds;
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

function isZeroFraction(text: string, end: number): boolean {
  if (text.charCodeAt(19) !== DOT || end < 21) return false;
  for (let i = 20; i < end; i += 1) if (text.charCodeAt(i) !== ZERO) return false;
  return true;
}

/** `YYYY-MM-DDTHH:MM:SSZ`. */
export function formatInstant(epochSeconds: number): string {
  const dayOf = Math.floor(epochSeconds / DAY_SECONDS);
  const { year, month, day } = dateOfDay(dayOf);
  const seconds = epochSeconds - dayOf * DAY_SECONDS;
  const date = `${String(year).padStart(4, '0')}-${padded(month)}-${padded(day)}`;
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return `${date}T${padded(hours)}:${padded(minutes)}:${padded(seconds % 60)}Z`;
}

function padded(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
