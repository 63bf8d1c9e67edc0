import { CallFailure } from '../../call-failure.ts';
import type { GuardedAnswer } from '../../egress/guarded-http.ts';

const refusals: Record<number, string> = {
  401: 'not-authorised',
  403: 'forbidden',
  404: 'no-calendar',
  405: 'not-a-calendar',
  409: 'conflict',
  410: 'no-calendar',
  413: 'too-large',
};
// In the words of RFC 9110, 4918: not now, but perhaps later.
const notNow = new Set([408, 421, 423, 424, 425]);
// Said before anything is done; other errors of servers and of those in between may come after.
const beforeWork = new Set([501, 503, 505, 507]);

/** What a status that is not the expected one means for the request. */
export function answerFailure(method: string, { status, headers }: GuardedAnswer): CallFailure {
  const code = `http-${status}`;
  if (status === 429) return new CallFailure('throttled', code, retryAfterMs(headers));
  const reading = method === 'GET' || method === 'REPORT';
  if (status >= 500) {
    const kind = reading || beforeWork.has(status) ? 'failed' : 'ambiguous';
    return new CallFailure(kind, code);
  }
  if (notNow.has(status)) return new CallFailure('failed', code);
  if (status >= 400) return new CallFailure('refused', refusals[status] ?? code);
  // A success or a redirection that makes no sense here: this is no CalDAV server.
  return new CallFailure('refused', 'not-a-calendar');
}

/** Seconds only: a date would need the server's clock to be right. */
function retryAfterMs(headers: GuardedAnswer['headers']): number | undefined {
  const text = headers['retry-after'] ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : undefined;
}
