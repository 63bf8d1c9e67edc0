import type { Hold } from '../../src/engine/placement/timeline.ts';
import { Random } from '../../src/engine/placement/room-making/random.ts';
import { checkBookings, type HeldTask } from './check-bookings.ts';
import type { Policy } from './placement-policies.ts';
import { applyMade, regionOfDay, shuffledTasks, type SmptspDay } from './smptsp-fleet.ts';

export interface StreamResult {
  requests: number;
  refused: number;
  /** Of the refused, those with a certificate. */
  certified: number;
  moves: number;
  /** Milliseconds per decision by the clock, and by the CPU where that is more than a moment. */
  wallMs: number[];
  cpuMs: number[];
  /** Iterations of each search in the pool. */
  iterations: number[];
  weighings: number[];
  /** What is booked in the end, and where. */
  held: HeldTask[];
  /** What an independent check found wrong. */
  wrong: string[];
}

/** Below this the clock is as good as the CPU's count, which costs a microsecond to read. */
const MOMENT_MS = 0.1;

/** Books the tasks of a day in random order, one after the other, as the policy decides. */
export function runStream(day: SmptspDay, policy: Policy, seed: number): StreamResult {
  const order = new Random(seed);
  const tasks = shuffledTasks(day, (bound) => order.below(bound));
  const state = regionOfDay(day);
  const decide = policy.create();
  const result = emptyResult();
  tasks.forEach((task, index) => {
    const { serviceType, slot } = task;
    const cpuBefore = process.cpuUsage();
    const before = performance.now();
    const made = decide(state, { serviceType, slot }, seed * 100_003 + index);
    const wallMs = performance.now() - before;
    const cpu = process.cpuUsage(cpuBefore);
    result.requests += 1;
    result.wallMs.push(wallMs);
    result.cpuMs.push(wallMs < MOMENT_MS ? wallMs : (cpu.user + cpu.system) / 1_000);
    result.weighings.push(made.effort.weighings);
    if (made.effort.iterations > 0) result.iterations.push(made.effort.iterations);
    if (made.placement.kind === 'refused') {
      result.refused += 1;
      if (made.certificate !== undefined) result.certified += 1;
      return;
    }
    result.moves += made.moves.length;
    applyMade(state, task, made);
  });
  result.held = [...state.holds.values()].map(heldTask).sort((a, b) => a.task - b.task);
  result.wrong = checkBookings(day, result.held);
  if (state.holds.size !== result.requests - result.refused) result.wrong.push('bookings lost');
  return result;
}

export function emptyResult(): StreamResult {
  return {
    ...{ requests: 0, refused: 0, certified: 0, moves: 0 },
    ...{ wallMs: [], cpuMs: [], iterations: [], weighings: [], held: [], wrong: [] },
  };
}

function heldTask({ appointmentId, resourceId, start, end }: Hold): HeldTask {
  return { task: Number(appointmentId), resourceId, start, end };
}
