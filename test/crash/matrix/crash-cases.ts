import { failpointNames } from '../../../src/io/failpoints.ts';
import type { CrashCase } from './crash-case.ts';
import type { WorldKind } from './crash-world.ts';

export interface Choice {
  hasCalendars: boolean;
  worlds: readonly WorldKind[];
  /** Parts of names; empty: all points. */
  points: readonly string[];
  actions: readonly CrashCase['action'][];
  hits: readonly number[];
}

export const allActions: readonly CrashCase['action'][] = ['crash', 'hang', 'pause', 'error'];

/** Points that a kind of installation never comes by, with the reason. */
const absent: Record<WorldKind, ReadonlySet<string>> = {
  processes: new Set(),
  // Appending to the event log is publishing: nothing is ever on its way.
  one: new Set(['relay.after-publish-before-confirm']),
};

export function pointsOf(world: WorldKind): string[] {
  return failpointNames.filter((name) => !absent[world].has(name));
}

/** Whether nobody comes by it without a calendar. */
export function needsCalendar(point: string): boolean {
  if (point.startsWith('saga.')) return !/^saga\.(create|reschedule)\.confirm\./.test(point);
  return ['worker.after-claim-to-call', 'worker.before-intent'].includes(point);
}

/** The cases in groups that share an installation: a kind, and the points of one role. */
export function crashCases({ worlds, points, actions, hits, hasCalendars }: Choice): CrashCase[][] {
  const isWanted = (name: string): boolean =>
    (hasCalendars || !needsCalendar(name)) &&
    (points.length === 0 || points.some((part) => name.includes(part)));
  const groups = new Map<string, CrashCase[]>();
  for (const world of worlds) {
    for (const point of pointsOf(world).filter(isWanted)) {
      const group = `${world} ${point.split('.')[0]}`;
      const cases = actions.flatMap((action) => hits.map((hit) => ({ world, point, action, hit })));
      groups.set(group, [...(groups.get(group) ?? []), ...cases]);
    }
  }
  return [...groups.values()];
}
