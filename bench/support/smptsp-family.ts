import type { SmptspDay } from './smptsp-fleet.ts';

/** What the published instances are drawn from: durations in minutes, share of skills. */
export interface Family {
  workers: number;
  /** A task lasts from `shortest` to `longest` minutes. */
  shortest: number;
  longest: number;
  /** The share of all tasks that a worker can do, 0.33 or 0.66 in the published ones. */
  skills: number;
  /** How much of the day workers are busy. */
  utilisation: number;
}

const DAY_MINUTES = 1_440;

/**
 * A day of the same family as the SMPTSP instances of Krishnamoorthy, Ernst and Baatar (2012):
 * every worker's day is filled with tasks first, so that the fleet is known to suffice; then each
 * worker learns other tasks at random. `spare` workers more have skills and are not needed.
 */
export function generateDay(
  family: Family,
  { name, spare, below }: { name: string; spare: number; below: (bound: number) => number },
): SmptspDay {
  const tasks: SmptspDay['tasks'] = [];
  const owner: number[] = [];
  for (let worker = 0; worker < family.workers; worker += 1) {
    // Gaps are as long as the utilisation leaves in the mean; about the noon peak there is none.
    let minute = below(family.shortest);
    while (minute < DAY_MINUTES) {
      const length = family.shortest + below(family.longest - family.shortest + 1);
      if (minute + length > DAY_MINUTES) break;
      owner.push(worker);
      tasks.push({ start: minute, end: minute + length });
      const gap = Math.round((2 * length * (1 - family.utilisation)) / family.utilisation);
      minute += length + below(gap + 1);
    }
  }
  const threshold = family.skills * 10_000;
  const qualifications = Array.from({ length: family.workers + spare }, (_, worker) =>
    tasks.flatMap((_task, task) =>
      owner[task] === worker || below(10_000) < threshold ? [task] : [],
    ),
  );
  const fleet = Array.from({ length: family.workers }, (_, worker) => worker);
  return { name, tasks, qualifications, fleet };
}
