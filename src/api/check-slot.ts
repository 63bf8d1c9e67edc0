import { patterns } from '../contract/fields.ts';
import type { Violation } from '../contract/problem.ts';
import { MAX_SLOT_SECONDS, parseInstant } from '../domain/slot.ts';

const instant = new RegExp(patterns.instant);

/** The member of that name, whatever the value is. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** Epoch seconds, or undefined where the schema objects already or the date does not exist. */
export function instantOf(value: unknown): number | undefined {
  return typeof value === 'string' ? parseInstant(value) : undefined;
}

/** Well-formed instants that do not exist: the schema's pattern cannot tell. */
export function checkInstant(value: unknown, place: Partial<Violation>): Violation[] {
  if (typeof value !== 'string' || !instant.test(value) || parseInstant(value) !== undefined) {
    return [];
  }
  return [{ ...place, code: 'instant', message: 'is not an instant between the years 1 and 9998' }];
}

/** Start before end, and at most four hours. */
export function checkSlot(slot: unknown, pointer: string): Violation[] {
  const [from, to] = [memberOf(slot, 'start_time'), memberOf(slot, 'end_time')];
  const violations = [
    ...checkInstant(from, { pointer: `${pointer}/start_time` }),
    ...checkInstant(to, { pointer: `${pointer}/end_time` }),
  ];
  const [start, end] = [instantOf(from), instantOf(to)];
  if (start === undefined || end === undefined) return violations;
  if (start >= end) {
    violations.push({
      pointer: `${pointer}/end_time`,
      code: 'slot-order',
      message: 'must be later than start_time',
    });
  } else if (end - start > MAX_SLOT_SECONDS) {
    violations.push({
      pointer: `${pointer}/end_time`,
      code: 'slot-too-long',
      message: 'must be at most four hours after start_time',
    });
  }
  return violations;
}
