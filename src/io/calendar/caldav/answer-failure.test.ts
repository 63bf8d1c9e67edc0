import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerFailure } from './answer-failure.ts';

function told(method: string, status: number, headers: Record<string, string> = {}): string {
  const { kind, message, retryAfterMs } = answerFailure(method, { status, headers, text: '' });
  return [kind, message, retryAfterMs].filter((part) => part !== undefined).join(' ');
}

test('statuses of clients are refusals, but for those that mean later', () => {
  assert.equal(told('PUT', 401), 'refused not-authorised');
  assert.equal(told('REPORT', 404), 'refused no-calendar');
  assert.equal(told('PUT', 409), 'refused conflict');
  assert.equal(told('PUT', 418), 'refused http-418');
  for (const status of [408, 423, 425]) assert.equal(told('PUT', status), `failed http-${status}`);
});

test('after an error of the server a change may have been made, unless it says it did not begin', () => {
  for (const status of [500, 502, 504]) {
    assert.equal(told('PUT', status), `ambiguous http-${status}`);
    assert.equal(told('REPORT', status), `failed http-${status}`);
  }
  for (const status of [503, 507]) assert.equal(told('PUT', status), `failed http-${status}`);
});

test('429 tells how long to wait, where it is seconds', () => {
  assert.equal(told('PUT', 429, { 'retry-after': '7' }), 'throttled http-429 7000');
  assert.equal(
    told('PUT', 429, { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }),
    'throttled http-429',
  );
  assert.equal(told('PUT', 429), 'throttled http-429');
});

test('answers that make no sense are not those of a calendar', () => {
  for (const status of [200, 302]) assert.equal(told('REPORT', status), 'refused not-a-calendar');
});
