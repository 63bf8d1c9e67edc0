import { outboxShard } from '../../src/domain/appointment.ts';
import type { BusEvent } from '../../src/io/bus/bus.ts';
import { systemRandom } from '../../src/io/random.ts';
import { createRelay, type Relay } from '../../src/relay/index.ts';
import { eventConsumer } from '../../src/worker/event-consumer.ts';
import type { FeedEvent } from '../../src/worker/event-feed.ts';
import { asyncParts, type AsyncParts } from './async-parts.ts';
import type { TestDatabase } from './database.ts';
import type { OpenedBus } from './opened-bus.ts';

export const wanted = 'appointment.confirmed.v1';

/** One process with a relay, a consumer, or both, on a bus. */
export interface BusProcess {
  relay: Relay;
  parts: AsyncParts;
  stop(): Promise<void>;
}

export interface ProcessOptions {
  relays?: boolean;
  consumes?: boolean;
  gapSeconds?: number;
  /** Throws for an event that is poison. */
  inspect?: (event: FeedEvent) => void;
}

/** Starts a process whose consumer `test` makes a task of each event that it takes. */
export async function startBusProcess(
  { database, opened }: { database: TestDatabase; opened: OpenedBus },
  options: ProcessOptions = {},
): Promise<BusProcess> {
  const { relays = true, consumes = true, gapSeconds = 1, inspect } = options;
  const parts = await asyncParts(database.url);
  const { bus, subscribe } = opened;
  const consumer = eventConsumer(
    {
      ...parts.worker,
      ...(subscribe && { subscribe }),
      config: { ...parts.worker.config, gapSeconds, gapPauseMs: 50 },
    },
    {
      consumer: 'test',
      types: [wanted],
      onTaken: () => undefined,
      order: (event) => {
        inspect?.(event);
        const order = { channel: 'email', template: 'test', state: 'pending' } as const;
        return { ...order, recipient: event.event, reason: null };
      },
    },
  );
  const relay = createRelay({
    ...parts.relay,
    // One that is stopped leaves the bus to others.
    bus: { ...bus, close: () => Promise.resolve() },
    onAppended: () => consumer.wake(),
  });
  if (relays) await relay.start();
  if (consumes) consumer.start();
  return {
    relay,
    parts,
    stop: async () => {
      await consumer.stop();
      await relay.stop();
      await parts.close();
    },
  };
}

export function newAppointments(count: number): string[] {
  return Array.from({ length: count }, () => systemRandom.uuidV7());
}

export function busEvent(appointmentId: string, version: number): BusEvent {
  return {
    shard: outboxShard(appointmentId),
    outboxId: version,
    tenantId: 'default',
    appointmentId,
    version,
    type: wanted,
    bytes: bytesOf(appointmentId, version),
    traceparent: null,
    attempt: 1,
  };
}

/** With what JSON and UTF-8 may make of it: equal bytes are equal to the last one. */
export function bytesOf(appointmentId: string, version: number): string {
  return `{ "id":"${appointmentId}:${version}", "text" : "é\\u00e9 \u{1f600}  " }`;
}

/** Commits an event to the outbox, as a transition would. */
export async function addEvents(
  database: TestDatabase,
  events: readonly { id: string; version: number; bytes?: string; type?: string }[],
): Promise<void> {
  const rows = events.map(({ id, version, bytes = bytesOf(id, version), type = wanted }) => {
    return { shard: outboxShard(id), appointment_id: id, version, event: bytes, type };
  });
  await database.query(
    `INSERT INTO outbox (shard, tenant_id, appointment_id, version, type, event, actor)
    SELECT shard, 'default', appointment_id, version, type, event, 'test'
    FROM jsonb_to_recordset($1::jsonb) AS r (
      shard int2, appointment_id uuid, version int, type text, event text)`,
    [JSON.stringify(rows)],
  );
}

/** Puts versions of an appointment into the log, as the relay's confirm does. */
export async function appendToLog(
  database: TestDatabase,
  id: string,
  versions: readonly number[],
): Promise<void> {
  for (const version of versions) {
    await database.query(
      `WITH next AS (
        UPDATE outbox_shards SET last_position = last_position + 1 WHERE shard = $1
        RETURNING last_position)
      INSERT INTO event_log (shard, position, tenant_id, appointment_id, version, type, event,
        created_at)
      SELECT $1, last_position, 'default', $2, $3, $4, $5, now() FROM next`,
      [outboxShard(id), id, version, wanted, bytesOf(id, version)],
    );
  }
}

/** What the consumer has taken, in its order: `appointment:version`. */
export async function taken(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `SELECT appointment_id || ':' || (payload ->> 'version') AS id FROM tasks ORDER BY task_id`,
  );
  return rows.map(({ id }) => id);
}

/** Empties what the tests of one file share. */
export async function resetBusTables(database: TestDatabase): Promise<void> {
  await database.query(`TRUNCATE outbox, event_log, outbox_parked, outbox_relays, held_events,
    dead_letters, inbox, consumer_cursors, notifications, tasks`);
  await database.query(`UPDATE outbox_shards SET last_position = 0, owner = NULL,
    owner_session = NULL, lease_expires_at = '-infinity'`);
}
