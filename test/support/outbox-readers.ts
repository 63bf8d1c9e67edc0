import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventConsumer } from '../../src/worker/event-consumer.ts';
import type { ApiFixture } from './api-fixture.ts';
import type { AsyncParts } from './async-parts.ts';
import type { TestDatabase } from './database.ts';

/** An event as a reader got it: `appointment:version`, and what stands for its bytes. */
export interface Sighting {
  id: string;
  digest: string;
}

/** Reads from the beginning, beside those who write. */
export interface OutboxReader {
  name: string;
  /** All that it has been given, in its order. */
  seen(): Sighting[] | Promise<Sighting[]>;
  /** How many those are. */
  count(): number | Promise<number>;
  stop(): Promise<void>;
  /** Says that there may be more. */
  wake?(): void;
}

const pauseMs = 20;

export function digestOf(bytes: string): string {
  return createHash('sha1').update(bytes).digest('base64');
}

/** A client of `GET /v1/events` that follows its cursor. */
export function apiReader(api: ApiFixture): OutboxReader {
  let after: string | undefined;
  return pollingReader('GET /v1/events', async () => {
    const query = { limit: 200, ...(after !== undefined && { after }) };
    const { status, body } = await api.request({ route: 'GET /v1/events', query });
    if (status !== 200) throw new Error(`events: ${status} ${JSON.stringify(body)}`);
    after = String(body['next_cursor']);
    const items = body['items'] as { id: string }[];
    return items.map((event) => ({ id: event.id, digest: digestOf(JSON.stringify(event)) }));
  });
}

/** A position per shard, moved to the last place that was read: as anyone with SQL would do it. */
export function rawReader(store: TestDatabase): OutboxReader {
  const positions = Array.from({ length: 64 }, () => 0);
  const shards = positions.map((_, shard) => shard);
  return pollingReader('a raw cursor', async () => {
    const rows = await store.query<{ shard: number; position: number; id: string; event: string }>(
      `SELECT l.shard, l.position, l.appointment_id || ':' || l.version AS id, l.event
      FROM unnest($1::int2[], $2::int8[]) AS c (shard, position)
      CROSS JOIN LATERAL (SELECT * FROM event_log e
        WHERE e.shard = c.shard AND e.position > c.position ORDER BY e.position LIMIT 50) l`,
      [shards, positions],
    );
    for (const { shard, position } of rows) positions[shard] = position;
    return rows.map(({ id, event }) => ({ id, digest: digestOf(event) }));
  });
}

function pollingReader(name: string, read: () => Promise<Sighting[]>): OutboxReader {
  const seen: Sighting[] = [];
  const stopping = new AbortController();
  const reading = (async () => {
    while (!stopping.signal.aborted) {
      const found = await read();
      seen.push(...found);
      if (found.length === 0) await sleep(pauseMs);
    }
  })();
  // Whoever stops the reader hears of its failure; until then it is not a rejection unheard of.
  reading.catch(() => undefined);
  return {
    ...{ name, seen: () => seen, count: () => seen.length },
    stop: () => {
      stopping.abort();
      return reading;
    },
  };
}

/** A consumer of the service, which makes a task of every event that it takes. */
export function consumerReader(
  parts: AsyncParts,
  store: TestDatabase,
  types: readonly string[],
): OutboxReader {
  const consumer = eventConsumer(parts.worker, {
    ...{ consumer: 'test', types, onTaken: () => undefined },
    order: ({ event }) => ({
      ...{ channel: 'email', template: 'test', state: 'pending', reason: null },
      recipient: digestOf(event),
    }),
  });
  consumer.start();
  return {
    name: 'a consumer of the service',
    seen: () =>
      store.query<{ id: string; digest: string }>(
        `SELECT appointment_id || ':' || (payload ->> 'version') AS id,
          payload ->> 'recipient' AS digest FROM tasks ORDER BY task_id`,
      ),
    count: async () => {
      const [row] = await store.query<{ n: number }>('SELECT count(*) AS n FROM tasks');
      return row?.n ?? 0;
    },
    stop: () => consumer.stop(),
    wake: () => consumer.wake(),
  };
}
