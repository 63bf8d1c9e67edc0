import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

const pauseMs = 20;

/**
 * Asks `condition` until it answers something truthy, and returns that answer. A condition that
 * throws has not come true yet. After `withinMs` the last answer or error is thrown.
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  withinMs = 10_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const last = await ask(condition);
    if ('answer' in last && last.answer) return last.answer;
    if (performance.now() >= deadline) throw tooLate(last, withinMs);
    await sleep(pauseMs);
  }
}

type Outcome<T> = { answer: T } | { error: unknown };

async function ask<T>(condition: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { answer: await condition() };
  } catch (error) {
    return { error };
  }
}

function tooLate(last: Outcome<unknown>, withinMs: number): Error {
  if ('error' in last) {
    const message = last.error instanceof Error ? last.error.message : inspect(last.error);
    return new Error(`not within ${withinMs} ms; it last threw: ${message}`, { cause: last.error });
  }
  return new Error(`not within ${withinMs} ms; it last answered ${inspect(last.answer)}`);
}
