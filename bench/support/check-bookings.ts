import type { SmptspDay } from './smptsp-fleet.ts';
import { DAY_START, workerId } from './smptsp-fleet.ts';

export interface HeldTask {
  task: number;
  resourceId: string;
  start: number;
  end: number;
}

/**
 * What is wrong with the bookings of a day, from the raw instance alone: a task at another time, a
 * worker who is not in the fleet or not qualified, two tasks of one worker at once.
 */
export function checkBookings(day: SmptspDay, held: readonly HeldTask[]): string[] {
  const wrong: string[] = [];
  const fleet = new Map(day.fleet.map((worker) => [workerId(worker), worker]));
  const perWorker = new Map<string, HeldTask[]>();
  for (const one of held) {
    const { task, resourceId, start, end } = one;
    const asked = day.tasks[task];
    if (asked === undefined) wrong.push(`${task} is no task`);
    else if (start !== instant(asked.start) || end !== instant(asked.end)) {
      wrong.push(`task ${task} is at another time`);
    }
    const worker = fleet.get(resourceId);
    if (worker === undefined) wrong.push(`${resourceId} is not in the fleet`);
    else if (day.qualifications[worker]?.includes(task) !== true) {
      wrong.push(`${resourceId} cannot do task ${task}`);
    }
    const others = perWorker.get(resourceId) ?? [];
    for (const other of others) {
      if (other.start < end && start < other.end) {
        wrong.push(`${resourceId} has tasks ${other.task} and ${task} at once`);
      }
    }
    perWorker.set(resourceId, [...others, one]);
  }
  if (new Set(held.map(({ task }) => task)).size !== held.length) wrong.push('a task twice');
  return wrong;
}

function instant(minute: number): number {
  return DAY_START + minute * 60;
}
