import { randomUUID } from 'node:crypto';
import { appointmentEvent } from '../../src/contract/appointment-event.ts';
import type { Decision } from '../../src/contract/engine-link.ts';
import type { ExpressCreate } from '../../src/contract/express-lane.ts';
import type { AppointmentAction } from '../../src/domain/appointment-state.ts';
import type { CatalogueOperation } from '../../src/domain/command.ts';
import type { SagaTaker } from '../../src/engine/dependencies.ts';
import type { Patience } from '../../src/engine/config.ts';
import { createEngine, type Engine } from '../../src/engine/index.ts';
import { systemClock } from '../../src/io/clock.ts';
import { Failpoints } from '../../src/io/failpoints.ts';
import { createLog } from '../../src/io/log.ts';
import { createMetrics } from '../../src/io/metrics.ts';
import { openDatabase, type Database } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';
import { hotSettings } from '../../src/main/databases.ts';
import { ProcessSession } from '../../src/main/process-session.ts';
import { insertActions } from '../../src/store/write/accept-actions.ts';
import { insertCreates, type CreateRow } from '../../src/store/write/accept-creates.ts';
import { insertCatalogueCommand } from '../../src/store/write/commands-catalogue.ts';
import { createWriteEpoch } from '../../src/store/write-epoch.ts';
import { netRoles } from '../../src/store/row-security.ts';
import type { TestDatabase } from './database.ts';
import { appointment } from './decisions.ts';
import * as region from './placement-region.ts';

export interface RunningEngine extends Engine {
  processId: string;
  decisions: Decision[];
  metrics: ReturnType<typeof createMetrics>;
  /** Stops the engine and closes its pools. */
  close(): Promise<void>;
}

export interface EngineOptions {
  sagaTaker?: SagaTaker;
  failpoints?: string;
  leaseSeconds?: number;
  patience?: Patience;
}

/** An engine on a database of its own pools and session, as one process would have it. */
export async function runEngine(url: string, options: EngineOptions = {}): Promise<RunningEngine> {
  const { failpoints = '', leaseSeconds = 2, patience } = options;
  const pool = {
    ...{ url, applicationName: 'engine', maxConnections: 4, connectTimeoutMs: 1_000 },
    role: netRoles.writer,
  };
  const database = openDatabase({ ...pool, settings: ['jit=off'] });
  const hotDatabase = openDatabase({
    ...pool,
    applicationName: 'engine batches',
    settings: hotSettings,
  });
  const epoch = createWriteEpoch(database);
  await epoch.refresh();
  const log = createLog('silent', 'test');
  const identity = session(database);
  await identity.start();
  const metrics = createMetrics();
  const engine = createEngine({
    ...{
      database,
      hotDatabase,
      leaseDatabase: database,
      clock: systemClock,
      random: systemRandom,
      log,
      metrics,
      epoch,
    },
    ...{ identity, failpoints: new Failpoints(failpoints), onCommitted: () => undefined },
    config: { leaseSeconds, sagaDeadlineSeconds: 600, ...(patience && { patience }) },
    sagaTaker: options.sagaTaker,
  });
  const decisions: Decision[] = [];
  engine.link.onDecision((decision) => decisions.push(decision));
  await engine.start();
  return {
    ...{ ...engine, decisions, metrics, processId: identity.processId },
    close: async () => {
      await engine.stop();
      await identity.stop();
      await Promise.all([database.close(), hotDatabase.close()]);
    },
  };
}

/** A process that others take to be alive for as long as its session lasts. */
export function session(database: Database): ProcessSession {
  const processId = systemRandom.uuidV7();
  const identity = { roles: ['engine'], host: 'test', pid: process.pid, version: 'test' };
  return new ProcessSession({
    ...{ database, clock: systemClock, log: createLog('silent', 'test') },
    identity: { ...identity, processId, internalUrl: null },
  });
}

const trace = { actor: 'key:test', request_id: 'request-1', traceparent: null };

export interface Accepting {
  /** Makes creates durable as the api does; answers their appointments' ids. */
  create(...wanted: Parameters<typeof appointment>[1][]): Promise<string[]>;
  act(id: string, operation: AppointmentAction, ifMatch?: number): Promise<string>;
  /** To the region `default`, by force, unless said otherwise. */
  put(
    operation: CatalogueOperation,
    value: unknown,
    options?: { force?: boolean; region?: string },
  ): Promise<string>;
  close(): Promise<void>;
}

/** Accepts commands as the api does, without one. */
export function accepting(store: TestDatabase): Accepting {
  const database = openDatabase({
    ...{ url: store.url, applicationName: 'api', maxConnections: 4 },
    role: netRoles.writer,
  });
  const now = systemClock.nowSeconds();
  const epoch = async (): Promise<number> => {
    const [row] = await store.query<{ epoch: number }>('SELECT epoch FROM write_epoch');
    return row?.epoch ?? NaN;
  };
  return {
    create: async (...wanted) => {
      const rows = (await creates(store, ...wanted)).map(({ row }) => row);
      await insertCreates(database, await epoch(), rows);
      return rows.map((row) => row.appointment_id);
    },
    act: async (id, operation, ifMatch) => {
      const command_id = systemRandom.uuidV7();
      const row = {
        ...{ ...trace, tenant_id: 'default', operation, key: randomUUID(), content_hash: '00' },
        ...{
          command_id,
          appointment_id: id,
          only_customer: null,
          only_resource: null,
          if_match: ifMatch ?? null,
        },
        allowed_from: ['INIT', 'SCHEDULED', 'CONFIRMED', 'IN_PROGRESS'] as const,
        ...{ payload: { reason: 'asked' }, created_s: now },
      };
      const accepted = await insertActions(database, await epoch(), [row]);
      if (!accepted.has(command_id)) throw new Error(`${operation} was not accepted`);
      return command_id;
    },
    put: async (operation, value, { force = true, region: to = 'default' } = {}) => {
      const id = systemRandom.uuidV7();
      const payload = { value, force };
      await insertCatalogueCommand(database, await epoch(), {
        ...{ tenantId: 'default', id, operation, region: to, payload, createdAt: now },
        ...{ actor: 'key:test', requestId: 'request-1', traceparent: 'test' },
      });
      return id;
    },
    close: () => database.close(),
  };
}

/** Create requests as the api hands them in, checked against the catalogue as it stands. */
export async function creates(
  store: TestDatabase,
  ...wanted: Parameters<typeof appointment>[1][]
): Promise<ExpressCreate<CreateRow>[]> {
  const [tenant] = await store.query<{ v: number }>(
    `SELECT catalogue_version AS v FROM tenants WHERE tenant_id = 'default'`,
  );
  const now = systemClock.nowSeconds();
  return wanted.map((changes) => {
    const about = appointment(systemRandom.uuidV7(), { createdAt: now, ...changes });
    const event = appointmentEvent(about, { name: 'accepted', traceparent: null });
    const row = {
      ...{ ...trace, tenant_id: 'default', key: randomUUID(), content_hash: '00' },
      ...{ command_id: systemRandom.uuidV7(), appointment_id: about.id, region: about.region },
      ...{ catalogue_version: tenant?.v ?? NaN, customer_id: about.customerId },
      ...{ start_s: about.start, end_s: about.end, service_type: about.serviceType },
      ...{ location: about.location, location_known: about.locationKnown },
      ...{ requested_resource_id: about.requestedResourceId, metadata: null, created_s: now },
      ...{ event_type: event.type, event: event.bytes, shard: event.shard },
    };
    return { row, appointment: about };
  });
}

/** A resource as a catalogue command carries it: open day and night, so that tests choose hours. */
export function openResource(
  id: string,
  changes: Parameters<typeof region.resource>[1] = {},
): object {
  const days = [...region.resource(id).workingHours.flatMap((row) => row.days)];
  const workingHours = [{ days, start: '00:00', end: '24:00' }];
  // Lanes are the database's to give out.
  return { ...region.resource(id, { workingHours, ...changes }), lanes: undefined };
}
