// Sends one request again and again over some connections, as fast as they are answered. A process
// of its own, told over its channel what to do and answering with one report.

import { answerOrders } from './answer-orders.ts';
import { RawClient } from './raw-client.ts';

export interface ReadOrder {
  url: string;
  path: string;
  authorization?: string;
  connections: number;
  seconds: number;
}

export interface ReadReport {
  /** With 200; of the others the first is told. */
  answered: number;
  failure: string | null;
}

answerOrders(work);

async function work(order: ReadOrder): Promise<ReadReport> {
  const url = new URL(order.url);
  const { path, authorization } = order;
  const credentials = authorization === undefined ? '' : `authorization: ${authorization}\r\n`;
  const head = `GET ${path} HTTP/1.1\r\nhost: ${url.host}\r\n${credentials}`;
  const clients = await Promise.all(
    Array.from({ length: order.connections }, () => RawClient.open(url)),
  );
  const report: ReadReport = { answered: 0, failure: null };
  const untilMs = performance.now() + order.seconds * 1_000;
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < untilMs) {
        const { status, body } = await client.send(head, '');
        if (status === 200) report.answered += 1;
        else report.failure ??= `${status} ${body.toString()}`;
      }
    }),
  );
  for (const client of clients) client.close();
  return report;
}
