import { randomUUID } from 'node:crypto';
import { hotSettings } from '../../src/main/databases.ts';
import { openDatabase, type Database } from '../../src/io/postgres.ts';
import { statement } from '../../src/store/statement.ts';
import { insertCreates, type CreateRow } from '../../src/store/write/accept-creates.ts';
import { processCpuSeconds } from './cpu.ts';

const ownPid = statement<{ pid: number }>('bench_own_pid', 'SELECT pg_backend_pid() AS pid');

const batchRows = 16;

/** Accepts bookings in batches over one connection: the statement alone, without a service. */
export class AcceptCost {
  readonly #database: Database;

  constructor(url: string, role: string | undefined) {
    this.#database = openDatabase({
      ...{ url, applicationName: 'bench accepts', maxConnections: 1, role },
      settings: hotSettings,
    });
  }

  /** CPU microseconds of its backend per booking. */
  async measure(seconds: number): Promise<number> {
    const [backend] = await this.#database.run(ownPid);
    const pid = backend?.pid ?? NaN;
    const before = processCpuSeconds(pid);
    const untilMs = performance.now() + seconds * 1_000;
    let accepted = 0;
    while (performance.now() < untilMs) {
      const rows = Array.from({ length: batchRows }, createRow);
      accepted += (await insertCreates(this.#database, 1, rows)).size;
    }
    return ((processCpuSeconds(pid) - before) / accepted) * 1e6;
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

function createRow(): CreateRow {
  const id = randomUUID();
  return {
    ...{ tenant_id: 'default', key: randomUUID(), content_hash: '00', command_id: randomUUID() },
    ...{ appointment_id: id, actor: 'key:bench', request_id: randomUUID(), traceparent: null },
    ...{ catalogue_version: 1, region: 'default', customer_id: randomUUID() },
    ...{ start_s: 1_900_000_000, end_s: 1_900_001_800, service_type: 'consultation' },
    ...{ location: null, location_known: false, requested_resource_id: null, metadata: null },
    ...{ created_s: 1_800_000_000, event_type: 'bench', event: 'x'.repeat(700), shard: 1 },
  };
}
