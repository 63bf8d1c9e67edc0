import type { Facts } from './facts.ts';
import type { Violation } from './violation.ts';

const graceS = 2;

/** L3: no task is held for more than 2 s by an owner that is dead. */
export function noDeadLeases(facts: Facts): Violation[] {
  const registered = new Set(facts.processes.map(({ process }) => process));
  return facts.tasks.flatMap((task) => {
    const { lease_owner: owner, lease_expires_s: expires } = task;
    if (owner === null) return [];
    const ids = { task: task.task, owner };
    const say = (sentence: string): Violation[] => [{ guarantee: 'L3', ids, sentence }];
    if (!registered.has(owner)) return say('its owner is not among the living processes');
    const overdueS = facts.nowS - (expires ?? -Infinity);
    return overdueS > graceS ? say('its lease ran out and nobody freed it') : [];
  });
}
