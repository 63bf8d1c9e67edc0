/**
 * What to do after a batch that the database refused or that could not be decided.
 *
 *   changed meanwhile ──> again, a few times
 *   overlap ──> memory has drifted: load it, again       ┐ then halve the batch until the command
 *   anything else ──────────────────────────────────────>┘ at fault is alone: set it aside
 *
 * Halving finds the command in few commits, and each success doubles the batch again. A command
 * that was set aside is tried again, alone, ever more rarely; those of its appointment wait for it,
 * all others go on.
 */
import type { PendingCommand } from '../domain/command.ts';
import { batchSize, firstSetAsideMs, lastSetAsideMs, staleLimit } from './config.ts';
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

/** `reload`: drop memory first. `set-aside`: the batch's only command waits. */
export type Remedy = 'retry' | 'reload' | 'set-aside';

export class BatchPolicy {
  readonly #failed = new Map<string, { untilMs: number; delayMs: number }>();
  #limit = batchSize;
  #staleInARow = 0;
  #reloaded = false;

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
    return 'set-aside';
  }

  #setAside(id: string, nowMs: number): void {
    const before = this.#failed.get(id)?.delayMs;
    const delayMs = before === undefined ? firstSetAsideMs : Math.min(before * 2, lastSetAsideMs);
    this.#failed.set(id, { untilMs: nowMs + delayMs, delayMs });
  }
}
