import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { systemClock } from '../../clock.ts';
import { IcsReader, type ReadObjects } from './ics-reader.ts';

const reader = new IcsReader(systemClock);
after(() => reader.close());

const range = { start: 1_900_000_000, end: 1_900_086_400 };
const plain = ['DTSTART:20300318T080000Z', 'DURATION:PT1H'];
// 30 February of any year: the library looks for it for ever.
const endless = ['DTSTART:20300101T080000Z', 'RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30'];

function calendar(lines: readonly string[]): string {
  const event = ['BEGIN:VEVENT', 'UID:a', ...lines, 'END:VEVENT'];
  return ['BEGIN:VCALENDAR', ...event, 'END:VCALENDAR', ''].join('\r\n');
}

function read(events: readonly (readonly string[])[], signal?: AbortSignal): Promise<ReadObjects> {
  const responses = events.map(
    (lines, index) => `<response><href>/${index}</href><propstat><prop>
    <c:calendar-data>${calendar(lines)}</c:calendar-data></prop>
    <status>HTTP/1.1 200 OK</status></propstat></response>`,
  );
  const body = `<multistatus xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
    ${responses.join('')}</multistatus>`;
  const options = { form: 'multistatus', body, range, zone: 'UTC' } as const;
  return reader.read(options, signal ?? new AbortController().signal);
}

test('events are read in their order, and those that cannot be are counted', async () => {
  const { objects, unreadable } = await read([plain, ['DTSTART:never'], plain]);
  assert.deepEqual(
    objects.map(({ href, busy }) => [href, busy.length]),
    [
      ['/0', 1],
      ['/2', 1],
    ],
  );
  assert.equal(unreadable, 1);
});

test('a rule that never ends costs its own event, and nothing in this thread', async () => {
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 5);
  const { objects, unreadable } = await read([plain, endless, plain]);
  clearInterval(timer);
  assert.deepEqual([objects.map(({ href }) => href), unreadable], [['/0', '/2'], 1]);
  assert.ok(turns > 20, 'this thread had its turns meanwhile');
});

test('too many of them fail the answer, and the next answer is read', async () => {
  await assert.rejects(read([endless, endless, endless, plain]), { message: 'answer-unreadable' });
  assert.equal((await read([plain])).objects.length, 1);
});

test('a rule of a hundred thousand occurrences is given up', async () => {
  const often = ['DTSTART:20300317T000000Z', 'DURATION:PT1S', 'RRULE:FREQ=SECONDLY'];
  assert.deepEqual(await read([often]), { objects: [], unreadable: 1 });
});

test('whoever gives up is answered at once, also while another answer is being read', async () => {
  const busy = read([endless, plain]);
  const gone = new AbortController();
  const waiting = read([plain], gone.signal);
  gone.abort();
  await assert.rejects(waiting, { kind: 'failed', message: 'no-answer' });
  assert.equal((await busy).objects.length, 1);
  const running = new AbortController();
  const given = read([endless], running.signal);
  setTimeout(() => running.abort(), 50);
  await assert.rejects(given, { kind: 'failed', message: 'no-answer' });
  assert.equal((await read([plain])).objects.length, 1);
});

test('an answer that is no multistatus is malformed as a whole', async () => {
  const options = { form: 'multistatus', body: '<html/>', range, zone: 'UTC' } as const;
  await assert.rejects(reader.read(options, new AbortController().signal), { kind: 'failed' });
});
