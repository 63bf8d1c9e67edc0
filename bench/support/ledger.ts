import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export interface Booked {
  /** Creates decided in favour since the mark, and refused ones. */
  scheduled: number;
  refused: number;
  /** From the mark to the last of these decisions. */
  decidedSeconds: number;
}

/** Looks at the database from outside, on a connection of its own. */
export class Ledger {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async open(url: string): Promise<Ledger> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return new Ledger(client);
  }

  /** The database's own time, in epoch seconds: decisions carry it too. */
  async mark(): Promise<number> {
    return this.#number(`SELECT date_part('epoch', clock_timestamp()) AS value`);
  }

  /** Waits until no command is undecided, no event in the outbox and no task open. */
  async drained(withinSeconds: number): Promise<number> {
    const startedMs = performance.now();
    const open = `SELECT (EXISTS (SELECT FROM commands WHERE state = 'pending')
      OR EXISTS (SELECT FROM outbox) OR EXISTS (SELECT FROM tasks))::int AS value`;
    while ((await this.#number(open)) === 1) {
      if (performance.now() - startedMs > withinSeconds * 1_000) {
        throw new Error(`not drained within ${withinSeconds} s`);
      }
      await sleep(25);
    }
    return (performance.now() - startedMs) / 1_000;
  }

  async bookedSince(mark: number): Promise<Booked> {
    const { rows } = await this.#client.query<{ state: string; count: number; last: number }>(
      `SELECT state, count(*)::int, date_part('epoch', max(decided_at)) AS last FROM commands
      WHERE operation = 'create' AND decided_at >= to_timestamp($1) GROUP BY state`,
      [mark],
    );
    const of = (state: string): number => rows.find((row) => row.state === state)?.count ?? 0;
    const last = Math.max(mark, ...rows.map((row) => row.last));
    return { scheduled: of('applied'), refused: of('refused'), decidedSeconds: last - mark };
  }

  async postmasterPid(): Promise<number> {
    const { rows } = await this.#client.query<{ data_directory: string }>('SHOW data_directory');
    const file = join(rows[0]?.data_directory ?? '', 'postmaster.pid');
    return Number(readFileSync(file, 'utf8').split('\n')[0]);
  }

  close(): Promise<void> {
    return this.#client.end();
  }

  async #number(sql: string): Promise<number> {
    const { rows } = await this.#client.query<{ value: number }>(sql);
    return rows[0]?.value ?? NaN;
  }
}
