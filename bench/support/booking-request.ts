import { randomUUID } from 'node:crypto';

/** All of a request's head but its content-length and the blank line. */
export function requestHead({
  url,
  key,
  waitSeconds,
}: {
  url: URL;
  key: string;
  waitSeconds: number;
}): string {
  return (
    `POST /v1/appointments HTTP/1.1\r\nhost: ${url.host}\r\n` +
    `authorization: Bearer ${key}\r\n` +
    (waitSeconds > 0 ? `prefer: wait=${waitSeconds}\r\n` : '') +
    'content-type: application/json\r\n'
  );
}

/** A booking with a key and a customer of its own. */
export function bookingBody({ start, seconds }: { start: number; seconds: number }): string {
  return JSON.stringify({
    idempotency_key: randomUUID(),
    customer_id: randomUUID(),
    slot: { start_time: instant(start), end_time: instant(start + seconds) },
    service_type: 'consultation',
  });
}

let lastInstant = { seconds: NaN, text: '' };

function instant(seconds: number): string {
  if (seconds !== lastInstant.seconds) {
    const text = new Date(seconds * 1_000).toISOString().replace('.000', '');
    lastInstant = { seconds, text };
  }
  return lastInstant.text;
}
