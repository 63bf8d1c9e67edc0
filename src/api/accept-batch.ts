/**
 * Group commit for accepting. Whatever arrives while one batch is under way becomes the next batch:
 * no timer, one batch in flight, so that a lone request pays one commit and a crowd shares them.
 *
 *   submit ──> queue ──(idle)──> batch ──> one statement ──> commit ──> failpoint ──> answers
 *                │ full: unavailable        │ transient error: again
 *                                           │ epoch over: read it anew, once more
 *                                           │ bad data: row by row, each answers for itself
 *
 * A row is answered only after its commit. A batch that hangs is given up for its callers, who are
 * told to ask again with the same key. Newcomers are turned away until it ends or, should it never,
 * until it is time to try another: as each holds a connection, they are never many.
 */
import { unavailable } from '../contract/problem.ts';
import type { Clock } from '../io/clock.ts';
import type { Failpoints } from '../io/failpoints.ts';
import type { Metrics } from '../io/metrics.ts';
import { isTransient, isUnavailable } from '../io/postgres.ts';
import { acceptEpoch, type AcceptEpoch } from './accept-epoch.ts';
import { crashPoints } from './crash-points.ts';

interface Entry<Row> {
  row: Row;
  resolve(accepted: boolean): void;
  reject(error: unknown): void;
}

export interface AcceptBatchOptions<Row> {
  /** Commits the rows in one statement; answers the command ids that went in. */
  insert(epoch: number, rows: readonly Row[]): Promise<ReadonlySet<string>>;
  epoch: AcceptEpoch;
  clock: Clock;
  metrics: Pick<Metrics, 'commitBatch' | 'commitSeconds'>;
  failpoints: Failpoints;
  limits: { acceptBatchRows: number; acceptQueueRows: number; acceptTimeoutMs: number };
}

export class AcceptBatch<Row extends { command_id: string }> {
  readonly #options: AcceptBatchOptions<Row>;
  readonly #queue: Entry<Row>[] = [];
  #running: Promise<void> | undefined;
  #hanging = false;

  constructor(options: AcceptBatchOptions<Row>) {
    this.#options = options;
  }

  /** True once the row is durable; false where the statement let it out. */
  submit(row: Row): Promise<boolean> {
    if (this.#hanging) return Promise.reject(unavailable('the database does not answer'));
    if (this.#queue.length >= this.#options.limits.acceptQueueRows) {
      return Promise.reject(unavailable('too many requests are waiting'));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ row, resolve, reject });
      // Nobody awaits the loop: it never rejects, every error goes to the rows of its batch.
      this.#running ??= this.#run();
    });
  }

  /** Resolves when everything submitted so far has been answered. */
  async drained(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // What else arrives in this turn of the event loop shares the first batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      await this.#inTime(this.#queue.splice(0, this.#options.limits.acceptBatchRows));
    }
    this.#running = undefined;
  }

  async #inTime(batch: Entry<Row>[]): Promise<void> {
    const { clock, limits } = this.#options;
    const done = new AbortController();
    // It rejects nothing: every error goes to the rows of the batch.
    void this.#commit(batch).finally(() => done.abort(null));
    await clock.sleep(limits.acceptTimeoutMs, done.signal);
    if (!done.signal.aborted) {
      this.#hanging = true;
      const given = [...batch, ...this.#queue.splice(0)];
      for (const entry of given) entry.reject(unavailable('the database does not answer'));
    }
    // Unless it has hung, it has ended.
    if (this.#hanging) await clock.sleep(limits.acceptTimeoutMs, done.signal);
    this.#hanging = false;
  }

  async #commit(batch: Entry<Row>[]): Promise<void> {
    try {
      await this.#attempt(batch);
    } catch (error) {
      const lost = isUnavailable(error) || isTransient(error);
      if (batch.length === 1 || lost || !isFromServer(error)) {
        for (const entry of batch) entry.reject(error);
        return;
      }
      for (const entry of batch) await this.#commit([entry]);
    }
  }

  async #attempt(batch: Entry<Row>[]): Promise<void> {
    const { clock, metrics, epoch, insert } = this.#options;
    const rows = batch.map(({ row }) => row);
    await crashPoints.beforeTransaction(this.#options);
    const startedMs = clock.monotonicMs();
    const accepted = await acceptEpoch(epoch, (current) => insert(current, rows));
    metrics.commitBatch.observe({ stage: 'accept' }, rows.length);
    const seconds = (clock.monotonicMs() - startedMs) / 1_000;
    metrics.commitSeconds.observe({ stage: 'accept' }, seconds);
    await crashPoints.afterCommit(this.#options);
    for (const { row, resolve } of batch) resolve(accepted.has(row.command_id));
  }
}

/** Errors of the server's own carry an SQLSTATE: the statement was run and refused. */
function isFromServer(error: unknown): boolean {
  return typeof (error as { severity?: unknown } | null)?.severity === 'string';
}
