import { eventLogBus } from '../../src/io/bus/event-log-bus.ts';
import { openCalendars } from '../../src/io/calendar/open-calendars.ts';
import { systemClock } from '../../src/io/clock.ts';
import { Failpoints } from '../../src/io/failpoints.ts';
import { createLog } from '../../src/io/log.ts';
import { noneMailer } from '../../src/io/mail/none-mailer.ts';
import { createMetrics } from '../../src/io/metrics.ts';
import { openDatabase } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';
import { defaultRelayConfig } from '../../src/relay/config.ts';
import type { RelayDependencies } from '../../src/relay/dependencies.ts';
import { defaultCallPolicy } from '../../src/domain/call-policy.ts';
import { createCalls } from '../../src/worker/calls/calls.ts';
import { createWriteEpoch } from '../../src/store/write-epoch.ts';
import { defaultWorkerConfig } from '../../src/worker/config.ts';
import { defaultReconcilerConfig } from '../../src/worker/reconciler/config.ts';
import type { WorkerDependencies } from '../../src/worker/dependencies.ts';
import { netRoles } from '../../src/store/row-security.ts';
import type { TestDatabase } from './database.ts';

export interface AsyncParts {
  relay: RelayDependencies;
  worker: WorkerDependencies;
  close(): Promise<void>;
}

// As in production, where batches look up by index or not at all.
const hotSettings = ['seqscan', 'hashjoin', 'mergejoin', 'material', 'bitmapscan'].map(
  (plan) => `enable_${plan}=off`,
);

/** Real parts for a relay and a worker on a test's database, as one process would have them. */
export async function asyncParts(url: string, failpoints = ''): Promise<AsyncParts> {
  const options = {
    ...{ url, applicationName: 'tests', maxConnections: 6 },
    role: netRoles.writer,
  };
  const database = openDatabase(options);
  const hotDatabase = openDatabase({ ...options, settings: hotSettings });
  const epoch = createWriteEpoch(database);
  await epoch.refresh();
  const shared = {
    database,
    hotDatabase,
    clock: systemClock,
    log: createLog('silent', 'test'),
    metrics: createMetrics(),
    failpoints: new Failpoints(failpoints),
    epoch,
    identity: { processId: systemRandom.uuidV7(), sessionKey: null },
  };
  const calendars = openCalendars({ clock: systemClock, egress: { allow: [] } });
  return {
    relay: { ...shared, bus: eventLogBus, config: defaultRelayConfig },
    worker: {
      ...shared,
      random: systemRandom,
      mailer: noneMailer,
      calendars,
      calls: createCalls({
        ...shared,
        random: systemRandom,
        policyOf: () => defaultCallPolicy,
      }),
      recipientKey: 'test-key',
      config: {
        ...defaultWorkerConfig,
        retry: { baseMs: 10, capMs: 50, maxAttempts: 4 },
        // What tests plant is often not whole, and is not to be mended meanwhile.
        reconciler: { ...defaultReconcilerConfig, graceSeconds: 86_400 },
      },
    },
    close: async () => {
      await Promise.all([database.close(), hotDatabase.close(), calendars.close()]);
    },
  };
}

export interface ScheduledOptions {
  tenant?: string;
  customerId?: string;
  location?: string | null;
  /** Epoch seconds. */
  start?: number;
  lane?: 'saga' | 'calendar';
}

/** Writes an appointment as the engine leaves it: SCHEDULED at version 2, with saga and task. */
export async function schedule(
  database: TestDatabase,
  options: ScheduledOptions = {},
): Promise<string> {
  const { tenant = 'default', location = null, start = 1_893_495_600, lane = 'saga' } = options;
  const id = systemRandom.uuidV7();
  const sagaId = systemRandom.uuidV7();
  const customerId = options.customerId ?? systemRandom.uuidV7();
  await database.query(
    `WITH appointment AS (
      INSERT INTO appointments (tenant_id, appointment_id, version, state, customer_id, start_at,
        end_at, service_type, location, location_known, region, resource_id, created_at, updated_at)
      VALUES ($1, $2, 2, 'SCHEDULED', $3, to_timestamp($4), to_timestamp($4 + 1800),
        'consultation', $5, $5::text IS NOT NULL, 'default', 'dr-who', now(), now())),
    saga AS (
      INSERT INTO sagas (tenant_id, saga_id, kind, appointment_id, appointment_version, step,
        deadline_at)
      VALUES ($1, $6, 'create', $2, 2, 'reserve', now() + interval '10 minutes'))
    INSERT INTO tasks (tenant_id, lane, kind, ordering_key, appointment_id, saga_id, actor,
      deadline_at)
    VALUES ($1, $7, 'create', $2::text, $2, $6, 'key:test', now() + interval '10 minutes')`,
    [tenant, id, customerId, start, location, sagaId, lane],
  );
  return id;
}

/** A resource with a calendar, which nobody need answer for. */
export async function addCalendar(database: TestDatabase, resource: string): Promise<void> {
  await database.query(
    `INSERT INTO resources (tenant_id, resource_id, region, name, service_types, locations,
      time_zone, working_hours, calendar)
    VALUES ('default', $1, 'default', $1, '{consultation}', '{here}', 'UTC', '[]',
      '{"kind": "caldav", "url": "http://127.0.0.1:9/"}')`,
    [resource],
  );
}

export async function addTenant(database: TestDatabase, tenant: string): Promise<void> {
  await database.query('INSERT INTO tenants (tenant_id, name) VALUES ($1, $1)', [tenant]);
}
