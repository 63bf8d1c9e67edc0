import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import { seeded } from '../../../test/support/load.ts';
import { defaultCallPolicy } from '../../domain/call-policy.ts';
import { Breaker } from './breaker.ts';

interface Task {
  attempts: number;
}

/** Tasks that wait for their time, as the task queue keeps them. */
class Queue {
  readonly #steps = new Map<number, Task[]>();
  size = 0;

  put(task: Task, dueMs: number): void {
    const step = Math.ceil(dueMs / stepMs);
    const tasks = this.#steps.get(step);
    if (tasks === undefined) this.#steps.set(step, [task]);
    else tasks.push(task);
    this.size += 1;
  }

  take(nowMs: number): Task[] {
    const due = this.#steps.get(nowMs / stepMs) ?? [];
    this.#steps.delete(nowMs / stepMs);
    this.size -= due.length;
    return due;
  }
}

const stepMs = 5;
const [outageMs, healedMs, arrivalsEndMs, endMs] = [20_000, 80_000, 150_000, 400_000];

/**
 * Tasks arrive at a steady rate; for a minute every call fails. Those turned away are parked until
 * they are told to come back, and those that fail try again later.
 */
function outage({ perSecond, seed }: { perSecond: number; seed: number }) {
  const clock = fakeClock();
  const random = seeded(seed);
  const breaker = new Breaker(defaultCallPolicy, clock);
  const queue = new Queue();
  const calls: { atMs: number; state: string }[] = [];
  const done: Task[] = [];
  let arrived = 0;

  function run(task: Task, nowMs: number): void {
    const { state } = breaker.view();
    const admission = breaker.admit();
    if (admission.kind === 'turned-away') {
      const jitterMs = random() * Math.max(250, admission.waitMs / 4);
      return queue.put(task, nowMs + admission.waitMs + jitterMs);
    }
    task.attempts += 1;
    calls.push({ atMs: nowMs, state });
    const fails = nowMs >= outageMs && nowMs < healedMs;
    admission.settle(fails ? 'bad' : 'good');
    if (fails) queue.put(task, nowMs + 200 + random() * 2_000);
    else done.push(task);
  }

  for (let nowMs = 0; nowMs < endMs; nowMs += stepMs) {
    if (nowMs < arrivalsEndMs && random() < (perSecond * stepMs) / 1_000) {
      queue.put({ attempts: 0 }, nowMs);
      arrived += 1;
    }
    for (const task of queue.take(nowMs)) run(task, nowMs);
    clock.jump(stepMs);
  }
  return { calls, done, arrived, left: queue.size, state: breaker.view().state };
}

test('after a minute of outage it recovers without a burst, and no task is lost', () => {
  for (const [seed, perSecond] of [60, 180].entries()) {
    const { calls, done, arrived, left, state } = outage({ perSecond, seed });
    const perSecondAt = new Map<number, number>();
    // Windows that slide by a tenth of a second.
    for (const { atMs } of calls.filter((call) => call.atMs >= healedMs)) {
      for (let i = 0; i < 10; i += 1) {
        const at = Math.floor(atMs / 100) - i;
        perSecondAt.set(at, (perSecondAt.get(at) ?? 0) + 1);
      }
    }
    const peak = Math.max(...perSecondAt.values());
    // Steady is what was measured over ten seconds, and chance moves that by a few per cent.
    assert.ok(peak <= 1.5 * perSecond * 1.1, `${peak} calls in a second of ${perSecond}`);
    assert.deepEqual([done.length, left, state], [arrived, 0, 'closed']);
    assert.equal(calls.filter((call) => call.state === 'open').length, 0);
    // What the outage cost: the calls that opened it, and the probes.
    const spent = done.reduce((sum, task) => sum + task.attempts - 1, 0);
    assert.ok(spent <= 80, `${spent} attempts were spent on the outage`);
  }
});
