/**
 * Waits for what becomes of commands. A decision comes by callback, from this process's engine or
 * on the stream of another's, so the expectation is made before the command is durable, or the
 * decision could come first. The callback may be lost, and a stream may break: one read of the
 * commands table every 50 ms, for all who have waited that long, finds the decision all the same.
 *
 *   expect ──> (accept commits) ──> decided(seconds) ──> decision, or undefined: too late, gone
 *          └─> cancel: nobody will ask
 */
import type { Decision, EngineLink } from '../contract/engine-link.ts';
import type { ProblemDocument } from '../contract/problem.ts';
import type { CatalogueResult } from '../contract/repairs.ts';
import type { Clock } from '../io/clock.ts';
import type { Log } from '../io/log.ts';
import type { TenantReads } from '../io/tenant-reads.ts';
import { findCommandOutcomes, type CommandOutcome } from '../store/read/commands.ts';

interface Waiter {
  tenantId: string;
  commandId: string;
  /** Undefined until someone waits. */
  sinceMs: number | undefined;
  deadlineMs: number;
  decision: Decision | undefined;
  settle(decision: Decision | undefined): void;
}

export interface Expectation {
  /** The decision, or undefined after `seconds` or once the client is gone. */
  decided(seconds: number, signal?: AbortSignal): Promise<Decision | undefined>;
  cancel(): void;
}

export interface DecisionWaiterOptions {
  reads: TenantReads;
  clock: Clock;
  log: Log;
  engine: Pick<EngineLink, 'onDecision'>;
  limits: { pollDecisionsMs: number; maxWaiters: number };
}

export class DecisionWaiter {
  readonly #options: DecisionWaiterOptions;
  readonly #waiters = new Map<string, Set<Waiter>>();
  readonly #stopping = new AbortController();
  #count = 0;
  #ticking = false;
  #polling = false;
  #unsubscribe: (() => void) | undefined;

  constructor(options: DecisionWaiterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#unsubscribe = this.#options.engine.onDecision((decision) => this.#hear(decision));
  }

  /** Lets every waiter go without a decision. */
  stop(): void {
    this.#unsubscribe?.();
    this.#stopping.abort();
    for (const waiters of [...this.#waiters.values()]) {
      for (const waiter of [...waiters]) this.#finish(waiter, undefined);
    }
  }

  /** Undefined where too many wait already: the client is answered without waiting. */
  expect(command: { tenantId: string; commandId: string }): Expectation | undefined {
    const { limits } = this.#options;
    if (this.#count >= limits.maxWaiters || this.#stopping.signal.aborted) return undefined;
    const waiter: Waiter = {
      ...command,
      sinceMs: undefined,
      deadlineMs: Infinity,
      decision: undefined,
      settle: () => undefined,
    };
    const others = this.#waiters.get(command.commandId) ?? new Set();
    this.#waiters.set(command.commandId, others.add(waiter));
    this.#count += 1;
    return {
      decided: (seconds, signal) => this.#decided(waiter, seconds, signal),
      cancel: () => this.#finish(waiter, undefined),
    };
  }

  #decided(
    waiter: Waiter,
    seconds: number,
    signal: AbortSignal | undefined,
  ): Promise<Decision | undefined> {
    const over = seconds <= 0 || signal?.aborted === true || this.#stopping.signal.aborted;
    if (waiter.decision !== undefined || over) {
      this.#finish(waiter, waiter.decision);
      return Promise.resolve(waiter.decision);
    }
    return new Promise((resolve) => {
      const gone = (): void => this.#finish(waiter, undefined);
      waiter.sinceMs = this.#options.clock.monotonicMs();
      waiter.deadlineMs = waiter.sinceMs + seconds * 1_000;
      waiter.settle = (decision) => {
        signal?.removeEventListener('abort', gone);
        resolve(decision);
      };
      signal?.addEventListener('abort', gone, { once: true });
      // The ticks end by themselves with the last waiter, and never reject.
      if (!this.#ticking) void this.#tick();
    });
  }

  #hear(decision: Decision): void {
    for (const waiter of [...(this.#waiters.get(decision.commandId) ?? [])]) {
      if (waiter.tenantId !== decision.tenantId) continue;
      if (waiter.sinceMs === undefined) waiter.decision = decision;
      else this.#finish(waiter, decision);
    }
  }

  #finish(waiter: Waiter, decision: Decision | undefined): void {
    const waiters = this.#waiters.get(waiter.commandId);
    if (waiters?.delete(waiter) !== true) return;
    if (waiters.size === 0) this.#waiters.delete(waiter.commandId);
    this.#count -= 1;
    waiter.settle(decision);
  }

  async #tick(): Promise<void> {
    const { clock, limits } = this.#options;
    this.#ticking = true;
    while (this.#count > 0 && !this.#stopping.signal.aborted) {
      await clock.sleep(limits.pollDecisionsMs, this.#stopping.signal);
      const nowMs = clock.monotonicMs();
      const waiting: Waiter[] = [];
      for (const waiter of [...this.#waiters.values()].flatMap((set) => [...set])) {
        if (waiter.deadlineMs <= nowMs) this.#finish(waiter, undefined);
        else if (waiter.sinceMs !== undefined) waiting.push(waiter);
      }
      const ripe = waiting.filter(
        ({ sinceMs = nowMs }) => nowMs - sinceMs >= limits.pollDecisionsMs,
      );
      // A slow read holds up neither the deadlines nor the next tick.
      if (ripe.length > 0 && !this.#polling) void this.#poll(ripe);
    }
    this.#ticking = false;
  }

  async #poll(waiters: readonly Waiter[]): Promise<void> {
    this.#polling = true;
    try {
      const asked = [...new Map(waiters.map((waiter) => [waiter.commandId, waiter])).values()];
      const tenants = [...Map.groupBy(asked, ({ tenantId }) => tenantId)];
      const { reads } = this.#options;
      await Promise.all(
        tenants.map(async ([tenantId, commands]) => {
          const tenant = reads.of(tenantId);
          const outcomes = await findCommandOutcomes(tenant, commands);
          for (const outcome of outcomes) this.#hear(toDecision(outcome));
        }),
      );
    } catch (error) {
      this.#options.log.warn({ component: 'api', err: error }, 'decisions could not be read');
    } finally {
      this.#polling = false;
    }
  }
}

function toDecision(outcome: CommandOutcome): Decision {
  const { tenantId, commandId, appointment, problem, result } = outcome;
  return {
    tenantId,
    commandId,
    state: outcome.state === 'refused' ? 'refused' : 'applied',
    ...(appointment !== null && { appointment }),
    ...(problem !== null && { problem: problem as ProblemDocument }),
    ...(result !== null && { result: result as CatalogueResult }),
  };
}
