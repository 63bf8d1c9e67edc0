import { setTimeout as sleep } from 'node:timers/promises';
import type { Appointment } from '../../src/domain/appointment.ts';
import { decisionRows } from '../../src/engine/decision-rows.ts';
import { openDatabase, sqlState, type Database, type Queries } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';
import { hotSettings } from '../../src/main/databases.ts';
import { insertCreates } from '../../src/store/write/accept-creates.ts';
import { commitDecisions, type TransitionRow } from '../../src/store/write/decide.ts';
import { acquireFreeRegions, type RegionLease } from '../../src/store/write/region-lease.ts';
import { netRoles } from '../../src/store/row-security.ts';
import type { TestDatabase } from './database.ts';
import * as make from './decisions.ts';
import { creates } from './engine-parts.ts';

export interface WrittenEvent {
  id: string;
  bytes: string;
}

export interface OutboxWritersOptions {
  store: TestDatabase;
  writers: number;
  /** How many events are to be committed. */
  events: number;
  onCommitted: (events: readonly WrittenEvent[]) => void;
}

const tenantId = 'default';
const mostRows = 8;
// Before a commit: mostly a moment, and now and then so long that hundreds overtake it.
const holdMs = (): number => Math.random() * (Math.random() < 0.03 ? 300 : 20);
// Lost to another writer of the same appointment: nothing of it was written.
const lost = ['SW003', '40P01'];

/** The transaction is taken back after its outbox rows were given their ids. */
class TakenBack extends Error {}

/**
 * Commits creates and steps of appointments by the statements of the api and the engine. All
 * writers share the appointments, each decides in a region of its own, and each holds its
 * transaction open between its outbox rows and its commit.
 */
export class OutboxWriters {
  readonly #options: OutboxWritersOptions;
  readonly #database: Database;
  readonly #latest = new Map<string, Appointment>();
  readonly #ids: string[] = [];
  #left: number;
  /** Transactions that lost an appointment to another writer, and that were given up at the end. */
  readonly failed = { lost: 0, takenBack: 0 };

  constructor(options: OutboxWritersOptions) {
    this.#options = options;
    this.#left = options.events;
    this.#database = openDatabase({
      ...{ url: options.store.url, applicationName: 'writers', settings: hotSettings },
      role: netRoles.writer,
      maxConnections: options.writers,
    });
  }

  async run(): Promise<void> {
    const { store, writers } = this.#options;
    await store.query(
      `INSERT INTO regions (tenant_id, region)
      SELECT $1, 'writer-' || n FROM generate_series(1, $2::int) n`,
      [tenantId, writers],
    );
    const holder = { processId: systemRandom.uuidV7(), sessionKey: null, leaseSeconds: 3_600 };
    const leases = await acquireFreeRegions(this.#database, holder);
    const [row] = await store.query<{ v: number }>('SELECT catalogue_version AS v FROM regions');
    try {
      const writing = leases.slice(0, writers).map((lease) => this.#write(lease, row?.v ?? NaN));
      await Promise.all(writing);
    } finally {
      await this.#database.close();
    }
  }

  async #write(lease: RegionLease, catalogueVersion: number): Promise<void> {
    let position = lease.lastPosition;
    while (this.#left > 0) {
      const count = Math.min(this.#left, 1 + Math.floor(Math.random() * mostRows));
      this.#left -= count;
      const isCreate = this.#ids.length < 50 || Math.random() < 0.2;
      const written = isCreate
        ? await this.#create(count)
        : await this.#step({ ...lease, lastPosition: position }, catalogueVersion, count);
      if (!isCreate && written > 0) position += 1;
      this.#left += count - written;
    }
  }

  async #create(count: number): Promise<number> {
    const wanted = Array.from({ length: count }, () => ({}));
    const made = await creates(this.#options.store, ...wanted);
    const rows = made.map(({ row }) => row);
    if (!(await this.#commit((queries) => insertCreates(queries, 1, rows)))) return 0;
    this.#options.onCommitted(
      rows.map((row) => ({ id: `${row.appointment_id}:1`, bytes: row.event })),
    );
    for (const { appointment } of made) {
      this.#latest.set(appointment.id, appointment);
      this.#ids.push(appointment.id);
    }
    return count;
  }

  async #step(lease: RegionLease, catalogueVersion: number, count: number): Promise<number> {
    const steps = this.#some(count).map((before) => stepOf(lease.region, before));
    const { region, token, lastPosition } = lease;
    const batch = {
      ...{ epoch: 1, tenantId, region, token, lastPosition, catalogueVersion },
      ...{ newPosition: lastPosition + 1, otherRegions: [], decidedNow: 0 },
      ...{ sagaDeadlineSeconds: 600, transitions: steps.map(({ row }) => row), commands: [] },
    };
    if (!(await this.#commit((queries) => commitDecisions(queries, batch)))) return 0;
    for (const { after } of steps) {
      const known = this.#latest.get(after.id)?.version ?? 0;
      if (after.version > known) this.#latest.set(after.id, after);
    }
    this.#options.onCommitted(
      steps.map(({ row, after }) => ({ id: `${after.id}:${after.version}`, bytes: row.event })),
    );
    return steps.length;
  }

  /** Holds the transaction open before its end, which now and then takes everything back. */
  async #commit(work: (queries: Queries) => Promise<unknown>): Promise<boolean> {
    try {
      await this.#database.transaction(async (queries) => {
        await work(queries);
        await sleep(holdMs());
        if (Math.random() < 0.05) throw new TakenBack();
      });
      return true;
    } catch (error) {
      if (error instanceof TakenBack) this.failed.takenBack += 1;
      else if (lost.includes(sqlState(error) ?? '')) this.failed.lost += 1;
      else throw error;
      return false;
    }
  }

  /** Different ones, of the last that were made: those are wanted by everyone. */
  #some(count: number): Appointment[] {
    const recent = this.#ids.slice(-200);
    const picked = new Set<string>();
    while (picked.size < count) {
      picked.add(recent[Math.floor(Math.random() * recent.length)] ?? '');
    }
    return [...picked].sort().flatMap((id) => this.#latest.get(id) ?? []);
  }
}

/** The step as the engine would write it: only the version moves on. */
function stepOf(region: string, before: Appointment): { row: TransitionRow; after: Appointment } {
  const after = { ...before, version: before.version + 1 };
  const { transitions } = decisionRows(region, {
    ...{ command: make.command('update', before), position: 0, seed: 0, state: 'applied' },
    transitions: [{ before, after, cause: 'update', event: 'updated' }],
  });
  const [row] = transitions;
  if (row === undefined) throw new Error('no row was made of the step');
  return { row: { ...row, command_id: systemRandom.uuidV7() }, after };
}
