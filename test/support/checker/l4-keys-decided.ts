import type { Facts } from './facts.ts';
import type { Violation } from './violation.ts';

/** L4: no key is stuck in flight: the command behind every one of them is decided. */
export function keysDecided(facts: Facts): Violation[] {
  const keyOf = new Map(facts.keys.map((row) => [row.command, row.key]));
  return facts.commands
    .filter(({ state }) => state === 'pending')
    .map(({ id, operation, appointment }) => ({
      guarantee: 'L4' as const,
      ids: { command: id, key: keyOf.get(id) ?? '', appointment: appointment ?? '' },
      sentence: `the ${operation} is undecided`,
    }));
}
