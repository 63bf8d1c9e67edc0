import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** Epoch seconds, [start, end). */
export interface Span {
  start: number;
  end: number;
}

export interface Booked {
  /** Appointments that hold their slot. */
  scheduled: number;
  refused: number;
}

/** Looks at a database from outside, on a connection of its own. */
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

  /** Waits until no command is undecided, no event in the outbox and no task open. */
  async drained(withinSeconds: number): Promise<void> {
    const untilMs = performance.now() + withinSeconds * 1_000;
    const open = `SELECT (EXISTS (SELECT FROM commands WHERE state = 'pending')
      OR EXISTS (SELECT FROM outbox) OR EXISTS (SELECT FROM tasks))::int AS value`;
    while ((await this.#number(open)) === 1) {
      if (performance.now() > untilMs) throw new Error(`not drained within ${withinSeconds} s`);
      await sleep(25);
    }
  }

  /** What has become of the bookings that start within a span. */
  async booked({ start, end }: Span): Promise<Booked> {
    const { rows } = await this.#client.query<{ state: string; count: number }>(
      `SELECT state, count(*)::int FROM appointments
      WHERE start_at >= to_timestamp($1) AND start_at < to_timestamp($2) GROUP BY state`,
      [start, end],
    );
    const count = (...states: string[]): number =>
      rows.reduce((sum, row) => sum + (states.includes(row.state) ? row.count : 0), 0);
    return { scheduled: count('SCHEDULED', 'CONFIRMED'), refused: count('FAILED') };
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
