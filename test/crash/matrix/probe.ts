import assert from 'node:assert/strict';
import type { Client } from '../../support/client.ts';
import type { TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { createBody } from '../../support/load.ts';
import { someCustomer } from './crash-load.ts';

const places = ['here', 'at-a', 'at-b', 'at-c'];
// Beyond what any load books.
const firstHour = 24 * 300;
const withinMs = 60_000;

export interface ProbeParts {
  client: Client;
  database: TestDatabase;
  /** Whether a reader of the bus has got the event of this id. */
  isDelivered: (id: string) => boolean;
}

/** What is older than $1, or than the reach of a lease, and not done. */
const leftOver = `SELECT
  (SELECT count(*) FROM commands WHERE state = 'pending' AND created_at < $1)::int AS commands,
  (SELECT count(*) FROM outbox WHERE created_at < $1)::int AS events,
  (SELECT count(*) FROM sagas WHERE finished_at IS NULL AND created_at < $1)::int AS sagas,
  (SELECT count(*) FROM tasks WHERE created_at < $1)::int AS tasks,
  (SELECT count(*) FROM notifications
    WHERE state IN ('pending', 'sending') AND created_at < $1)::int AS notifications,
  (SELECT count(*) FROM regions
    WHERE owner IS NULL OR lease_expires_at < now())::int AS regions,
  (SELECT count(*) FROM outbox_shards
    WHERE owner IS NULL OR lease_expires_at < now())::int AS shards`;

interface ProbedRow {
  state: string;
  version: number;
  mail: string | null;
}

const probed = `SELECT a.state, a.version, n.state AS mail
  FROM appointments a LEFT JOIN notifications n USING (tenant_id, appointment_id)
  WHERE a.appointment_id = $1`;

/** Finds out when an installation is well again. */
export class Probe {
  readonly #parts: ProbeParts;
  #hour = firstHour;

  constructor(parts: ProbeParts) {
    this.#parts = parts;
  }

  /**
   * Resolves once everything that is open now is done, and a new booking in every region has gone
   * through all roles: decided, confirmed, delivered and told of by mail.
   */
  async recovered(): Promise<void> {
    const { database } = this.#parts;
    const [{ now } = { now: '' }] = await database.query<{ now: string }>('SELECT now()::text');
    this.#hour += 1;
    await Promise.all([this.#nothingLeft(now), ...places.map((place) => this.#book(place))]);
  }

  async #nothingLeft(since: string): Promise<void> {
    await eventually(async () => {
      const [row = {}] = await this.#parts.database.query<Record<string, number>>(leftOver, [
        since,
      ]);
      const left = Object.entries(row).filter(([, count]) => count > 0);
      if (left.length > 0) throw new Error(`left: ${JSON.stringify(Object.fromEntries(left))}`);
      return true;
    }, withinMs);
  }

  async #book(location: string): Promise<void> {
    const { client, database, isDelivered } = this.#parts;
    const body = { ...createBody({ hour: this.#hour }), customer_id: someCustomer, location };
    const { status, body: made } = await client.create(body, { wait: 5 });
    assert.ok(status < 300, JSON.stringify(made));
    const id = String(made['id']);
    await eventually(async () => {
      const [row] = await database.query<ProbedRow>(probed, [id]);
      if (row?.state !== 'CONFIRMED') throw new Error(`at ${location} it is ${row?.state}`);
      if (!isDelivered(`${id}:${row.version}`)) throw new Error('its event is not delivered');
      if (row.mail !== 'sent') throw new Error(`its mail is ${row.mail ?? 'not due'}`);
      return true;
    }, withinMs);
  }
}
