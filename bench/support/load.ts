// The load generator: a process of its own, told over its channel what to do and answering with
// one report. Every request has its own key, customer and, fifty to a slot, its own place.

import { answerOrders } from './answer-orders.ts';
import { bookingBody, requestHead } from './booking-request.ts';
import { RawClient } from './raw-client.ts';

export interface LoadOrder {
  url: string;
  key: string;
  connections: number;
  seconds: number;
  /** Seconds of `Prefer: wait`; 0: none. */
  waitSeconds: number;
  /** Where slots begin; orders of one run must not share any. */
  firstSlotSeconds: number;
}

export interface LoadReport {
  statuses: Record<string, number>;
  seconds: number;
  /** When the last answer came: milliseconds of the machine's clock. */
  endedAtMs: number;
  p50Ms: number;
  p99Ms: number;
  /** The first answer that was not a success, to tell what went wrong. */
  failure: string | null;
  /** Where the next order may begin its slots. */
  nextSlotSeconds: number;
}

const SLOT_SECONDS = 900;
const BOOKINGS_PER_SLOT = 50;

answerOrders(work);

async function work(order: LoadOrder): Promise<LoadReport> {
  const url = new URL(order.url);
  const head = requestHead({ ...order, url });
  const latenciesMs: number[] = [];
  const statuses: Record<string, number> = {};
  let failure: string | null = null;
  let sent = 0;
  const clients = await Promise.all(
    Array.from({ length: order.connections }, () => RawClient.open(url)),
  );
  const startedMs = performance.now();
  const untilMs = startedMs + order.seconds * 1_000;
  await Promise.all(
    clients.map(async (client) => {
      for (let atMs = performance.now(); atMs < untilMs;) {
        const { status, body } = await client.send(head, bookingOf(order, sent++));
        const doneMs = performance.now();
        latenciesMs.push(doneMs - atMs);
        atMs = doneMs;
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status >= 300) failure ??= body.toString();
      }
    }),
  );
  const endedMs = performance.now();
  for (const client of clients) client.close();
  const sorted = Float64Array.from(latenciesMs).sort();
  const slots = Math.ceil(sent / BOOKINGS_PER_SLOT);
  return {
    statuses,
    seconds: (endedMs - startedMs) / 1_000,
    endedAtMs: performance.timeOrigin + endedMs,
    p50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? NaN,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? NaN,
    failure,
    nextSlotSeconds: order.firstSlotSeconds + slots * SLOT_SECONDS,
  };
}

function bookingOf({ firstSlotSeconds }: LoadOrder, index: number): string {
  const start = firstSlotSeconds + Math.floor(index / BOOKINGS_PER_SLOT) * SLOT_SECONDS;
  return bookingBody({ start, seconds: SLOT_SECONDS });
}
