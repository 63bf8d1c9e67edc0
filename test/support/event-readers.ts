import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from './client.ts';
import { openEventStream, type EventStream } from './event-stream.ts';
import { eventually } from './eventually.ts';

const pauseMs = 50;

/** A reader that began at the beginning of the log and reads on until it is stopped. */
export interface EventReader {
  /** In the order of their delivery. */
  events: string[];
  /** Reads to the end, and no further. */
  stop(): Promise<void>;
}

/** Page after page; what is kept of an event is its JSON written anew. */
export function readByCursor(client: Client, limit = 100): EventReader {
  const events: string[] = [];
  const stopping = new AbortController();
  const reading = (async () => {
    for (let after = ''; ;) {
      const isLast = stopping.signal.aborted;
      const { status, body } = await client.get(`/v1/events?limit=${limit}${after}`);
      if (status !== 200) throw new Error(`events by cursor: ${status} ${JSON.stringify(body)}`);
      const items = body['items'] as object[];
      events.push(...items.map((event) => JSON.stringify(event)));
      after = `&after=${String(body['next_cursor'])}`;
      if (items.length > 0) continue;
      if (isLast) return;
      await sleep(pauseMs);
    }
  })();
  // Who stops the reader hears of its failure; until then it is not a rejection unheard of.
  reading.catch(() => undefined);
  return {
    events,
    stop: async () => {
      stopping.abort();
      await reading;
    },
  };
}

/** Server-sent events, the bytes as they came; a stream that ends is taken up where it ended. */
export function readByStream(service: { url: string; key: string }): EventReader {
  const events: string[] = [];
  const stopping = new AbortController();
  const signal = stopping.signal;
  let lastEventId: string | undefined;
  const take = (stream: EventStream): void => {
    for (const { id, data } of stream.events.splice(0)) {
      lastEventId = id;
      events.push(data);
    }
  };
  const reading = (async () => {
    for (;;) {
      const stream = await openEventStream({
        ...{ url: `${service.url}/v1/events`, key: service.key },
        ...(lastEventId !== undefined && { lastEventId }),
      });
      if (stream.status !== 200) throw new Error(`events by stream: ${stream.status}`);
      while (!signal.aborted && !stream.ended && stream.error === undefined) {
        await sleep(pauseMs);
        take(stream);
      }
      stream.close();
      if (signal.aborted) return;
    }
  })();
  reading.catch(() => undefined);
  return {
    events,
    stop: async () => {
      // A stream has no end: it is there once nothing more has come for a while.
      let known = -1;
      let quiet = 0;
      await eventually(() => {
        quiet = known === events.length ? quiet + 1 : 0;
        known = events.length;
        return quiet > 25;
      }, 60_000);
      stopping.abort();
      await reading;
    },
  };
}
