// Many callers who want one slot, all at once: a process of its own. A bounded number of
// connections takes the callers in turn; each posts once and waits for the outcome.

import { answerOrders } from './answer-orders.ts';
import { bookingBody, requestHead } from './booking-request.ts';
import { RawClient } from './raw-client.ts';

export interface DropOrder {
  url: string;
  key: string;
  connections: number;
  callers: number;
  seats: number;
  waitSeconds: number;
  slot: { start: number; seconds: number };
}

export interface DropReport {
  sold: number;
  /** From the first request to the answer that sold the last seat; null: not sold out. */
  soldOutSeconds: number | null;
  /**
   * Sent away although a seat was free: `atLeast` those after whose refusal somebody asked who was
   * sold one; `atMost` those whose refusal came before the last sale's answer.
   */
  falselyRefused: { atLeast: number; atMost: number };
  statuses: Record<string, number>;
  /** To the last caller's answer. */
  seconds: number;
}

interface Call {
  status: number;
  askedMs: number;
  answeredMs: number;
}

const CREATED = 201;

answerOrders(work);

async function work(order: DropOrder): Promise<DropReport> {
  const url = new URL(order.url);
  const head = requestHead({ ...order, url });
  const bodies = Array.from({ length: order.callers }, () => bookingBody(order.slot));
  const clients = await Promise.all(
    Array.from({ length: order.connections }, () => RawClient.open(url)),
  );
  const calls: Call[] = [];
  const startedMs = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
        const askedMs = performance.now();
        const { status } = await client.send(head, body);
        calls.push({ status, askedMs, answeredMs: performance.now() });
      }
    }),
  );
  const seconds = (performance.now() - startedMs) / 1_000;
  for (const client of clients) client.close();
  return { ...reportOf(calls, { ...order, startedMs }), seconds };
}

function reportOf(
  calls: readonly Call[],
  { seats, startedMs }: { seats: number; startedMs: number },
): Omit<DropReport, 'seconds'> {
  const statuses: Record<string, number> = {};
  for (const { status } of calls) statuses[status] = (statuses[status] ?? 0) + 1;
  // Calls are in order of their answers.
  const sales = calls.filter(({ status }) => status === CREATED);
  const last = sales[seats - 1];
  const lastAskedMs = Math.max(...sales.map(({ askedMs }) => askedMs));
  const refusedBefore = (untilMs: number): number =>
    calls.filter(({ status, answeredMs }) => status !== CREATED && answeredMs < untilMs).length;
  return {
    sold: sales.length,
    soldOutSeconds: last === undefined ? null : (last.answeredMs - startedMs) / 1_000,
    falselyRefused: {
      atLeast: refusedBefore(last === undefined ? Infinity : lastAskedMs),
      atMost: refusedBefore(last?.answeredMs ?? Infinity),
    },
    statuses,
  };
}
