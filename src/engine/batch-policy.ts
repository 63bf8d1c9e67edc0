/**
 * What to do after a batch that the database refused or that could not be decided.
 *
 *   changed meanwhile ──> again, a few times
 *   overlap ──> memory has drifted: load it, again       ┐ then halve the batch until the command
 *   anything else ──────────────────────────────────────>┘ at fault is alone: set it aside
 *
 * Halving finds the command in few commits, and each success doubles the batch again. A command
 * that was set aside is tried again, alone, ever more rarely; those of its appointment wait for it,
 * all others go on. After its last attempt it is given up. Attempts are counted in memory: another
 * owner, which may be another release, begins anew.
 */
import type { PendingCommand } from '../domain/command.ts';
import { batchSize, defaultPatience, staleLimit, type Patience } from './config.ts';
import type { BatchRules } from './next-batch.ts';

export type Setback =
  /** An appointment or command was not as planned, or a deadlock was lost. */
  | 'stale'
  /** A hold overlaps one that memory does not know. */
  | 'overlap'
  /** The database takes no such row. */
  | 'refused'
  /** Deciding threw; the batch is the one command at fault. */
  | 'undecidable';

/** `reload`: drop memory first. `set-aside`, `give-up`: the batch's only command waits, or ends. */
export type Remedy = 'retry' | 'reload' | 'set-aside' | 'give-up';

export class BatchPolicy {
  readonly #patience: Patience;
  readonly #failed = new Map<string, { untilMs: number; delayMs: number; attempts: number }>();
  #limit = batchSize;
  #staleInARow = 0;
  #reloaded = false;

  constructor(patience: Patience = defaultPatience) {
    this.#patience = patience;
  }

  rules(nowMs: number): BatchRules {
    const setAside = [...this.#failed].filter(([, { untilMs }]) => untilMs > nowMs);
    return {
      setAside: new Set(setAside.map(([id]) => id)),
      alone: new Set(this.#failed.keys()),
      limit: this.#limit,
    };
  }

  succeeded(batch: readonly PendingCommand[]): void {
    this.#limit = Math.min(batchSize, this.#limit * 2);
    this.#staleInARow = 0;
    this.#reloaded = false;
    if (this.#failed.size === 0) return;
    for (const { id } of batch) this.#failed.delete(id);
  }

  failed(setback: Setback, batch: readonly PendingCommand[], nowMs: number): Remedy {
    if (setback === 'stale') {
      this.#staleInARow += 1;
      if (this.#staleInARow <= staleLimit) return 'retry';
    }
    if ((setback === 'overlap' || setback === 'undecidable') && !this.#reloaded) {
      this.#reloaded = true;
      return 'reload';
    }
    if (batch.length > 1) {
      this.#limit = Math.ceil(batch.length / 2);
      return 'retry';
    }
    this.#reloaded = false;
    for (const { id } of batch) this.#setAside(id, nowMs);
    const spent = batch.some(({ id }) => this.attempts(id) >= this.#patience.attempts);
    return spent ? 'give-up' : 'set-aside';
  }

  /** How often the command has failed alone. */
  attempts(id: string): number {
    return this.#failed.get(id)?.attempts ?? 0;
  }

  #setAside(id: string, nowMs: number): void {
    const { firstMs, lastMs } = this.#patience;
    const before = this.#failed.get(id);
    const delayMs = before === undefined ? firstMs : Math.min(before.delayMs * 2, lastMs);
    this.#failed.set(id, { untilMs: nowMs + delayMs, delayMs, attempts: this.attempts(id) + 1 });
  }
}
