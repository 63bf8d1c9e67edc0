import type { Violation } from '../contract/problem.ts';
import { isTimeZone } from '../domain/time-zone.ts';

export function checkTimeZone(name: unknown, pointer: string): Violation[] {
  if (typeof name !== 'string' || isTimeZone(name)) return [];
  return [{ pointer, code: 'unknown-time-zone', message: 'is not an IANA time zone' }];
}
