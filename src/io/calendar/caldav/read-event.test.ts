import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { eventText } from './event-text.ts';
import { readEvent } from './read-event.ts';

const zone = 'Europe/Vienna';

function epoch(wall: string, inZone = zone): number {
  const zoned = Temporal.PlainDateTime.from(wall).toZonedDateTime(inZone);
  return zoned.epochMilliseconds / 1_000;
}

function calendar(...events: string[]): string {
  const text = ['BEGIN:VCALENDAR', 'VERSION:2.0', ...events, 'END:VCALENDAR'].join('\n');
  return `${text.replaceAll('\n', '\r\n')}\r\n`;
}

const event = (...lines: string[]): string =>
  ['BEGIN:VEVENT', 'UID:a', ...lines, 'END:VEVENT'].join('\n');

/** Starts of what stands in the way, as wall times of the zone. */
function busy(text: string, from = '2030-03-01T00:00', to = '2030-04-01T00:00'): string[] {
  const range = { start: epoch(from), end: epoch(to) };
  return readEvent(text, { range, zone }).busy.map(({ start, end }) => {
    const at = Temporal.Instant.fromEpochMilliseconds(start * 1_000).toZonedDateTimeISO(zone);
    return `${at.toPlainDateTime().toString({ smallestUnit: 'minute' })} ${(end - start) / 60}`;
  });
}

test('a time is meant in UTC, in the zone it names, or where it names none in that of the resource', () => {
  const at = (line: string): string[] => busy(calendar(event(line, 'DURATION:PT30M')));
  assert.deepEqual(at('DTSTART:20300305T090000Z'), ['2030-03-05T10:00 30']);
  assert.deepEqual(at('DTSTART:20300305T090000'), ['2030-03-05T09:00 30']);
  assert.deepEqual(at('DTSTART;TZID=America/New_York:20300305T090000'), ['2030-03-05T15:00 30']);
  assert.deepEqual(at('DTSTART;TZID=Nowhere/Land:20300305T090000'), ['2030-03-05T09:00 30']);
});

test('a zone that the text describes itself is the one it describes', () => {
  const described = [
    ...['BEGIN:VTIMEZONE', 'TZID:Customised', 'BEGIN:STANDARD', 'DTSTART:19700101T000000'],
    ...['TZOFFSETFROM:+0500', 'TZOFFSETTO:+0500', 'END:STANDARD', 'END:VTIMEZONE'],
  ].join('\n');
  const text = calendar(
    described,
    event('DTSTART;TZID=Customised:20300305T090000', 'DURATION:PT1H'),
  );
  assert.deepEqual(busy(text), ['2030-03-05T05:00 60']);
});

test('days are whole days of the zone, also those of 23 and 25 hours', () => {
  const day = (from: string, ...more: string[]): string[] =>
    busy(
      calendar(event(`DTSTART;VALUE=DATE:${from}`, ...more)),
      '2030-01-01T00:00',
      '2031-01-01T00:00',
    );
  assert.deepEqual(day('20300305'), ['2030-03-05T00:00 1440']);
  assert.deepEqual(day('20300331'), ['2030-03-31T00:00 1380']);
  assert.deepEqual(day('20301027'), ['2030-10-27T00:00 1500']);
  assert.deepEqual(day('20300305', 'DTEND;VALUE=DATE:20300307'), ['2030-03-05T00:00 2880']);
});

test('cancelled, transparent and momentary events stand in nobody’s way', () => {
  const at = (...lines: string[]): string[] =>
    busy(calendar(event('DTSTART:20300305T090000Z', ...lines)));
  assert.equal(at('DURATION:PT1H', 'STATUS:TENTATIVE', 'TRANSP:OPAQUE').length, 1);
  assert.deepEqual(at('DURATION:PT1H', 'STATUS:CANCELLED'), []);
  assert.deepEqual(at('DURATION:PT1H', 'TRANSP:TRANSPARENT'), []);
  assert.deepEqual(at(), []);
  assert.deepEqual(at('DTEND:20300305T080000Z'), []);
});

test('a series keeps its wall time over a change of the clock, without what was taken out', () => {
  const text = calendar(
    event(
      ...['DTSTART;TZID=Europe/Vienna:20300325T090000', 'DURATION:PT1H'],
      ...['RRULE:FREQ=DAILY', 'EXDATE;TZID=Europe/Vienna:20300330T090000'],
    ),
  );
  assert.deepEqual(busy(text, '2030-03-29T00:00', '2030-04-02T00:00'), [
    ...['2030-03-29T09:00 60', '2030-03-31T09:00 60', '2030-04-01T09:00 60'],
  ]);
});

test('a changed occurrence counts where it was moved to, also from beyond the range', () => {
  const text = calendar(
    event('DTSTART:20300301T090000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY'),
    event('RECURRENCE-ID:20300308T090000Z', 'DTSTART:20300309T120000Z', 'DURATION:PT2H'),
    event('RECURRENCE-ID:20300405T090000Z', 'DTSTART:20300310T120000Z', 'DURATION:PT2H'),
    event('RECURRENCE-ID:20300315T090000Z', 'DTSTART:20300315T090000Z', 'STATUS:CANCELLED'),
  );
  assert.deepEqual(busy(text, '2030-03-02T00:00', '2030-03-21T00:00'), [
    ...['2030-03-09T13:00 120', '2030-03-10T13:00 120'],
  ]);
});

test('additional dates and counted rules are expanded as they are written', () => {
  const counted = ['DTSTART:20300227T090000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=4'];
  assert.deepEqual(busy(calendar(event(...counted, 'RDATE:20300320T090000Z'))), [
    ...['2030-03-01T10:00 60', '2030-03-02T10:00 60', '2030-03-20T10:00 60'],
  ]);
});

test('what began decades ago recurs now as if it had been counted through', () => {
  const freqs = fc.constantFrom('DAILY', 'WEEKLY', 'WEEKLY;BYDAY=MO,TH', 'DAILY;BYMONTH=3');
  const starts = fc.record({ day: fc.integer({ min: 1, max: 28 }), hour: fc.nat(23) });
  const two = (value: number): string => String(value).padStart(2, '0');
  fc.assert(
    fc.property(freqs, starts, fc.integer({ min: 1, max: 5 }), (freq, { day, hour }, interval) => {
      const series = (...more: string[]): string[] => {
        const rule = `RRULE:FREQ=${freq};INTERVAL=${interval}`;
        const start = `DTSTART;TZID=Europe/Vienna:202412${two(day)}T${two(hour)}0000`;
        return busy(calendar(event(start, 'DURATION:PT1H', rule, ...more)));
      };
      // A date beside the rule makes it be counted through.
      assert.deepEqual(series(), series('RDATE:20240101T000000Z'));
    }),
    { numRuns: 40 },
  );
});

test('what we write is read as ours, to the letter', () => {
  const visible = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    ...{ minLength: 1, maxLength: 200 },
  });
  const keys = fc.record({ id: visible, tag: visible, summary: fc.string({ unit: 'grapheme' }) });
  const instants = fc.integer({ min: 0, max: 4_000_000_000 });
  fc.assert(
    fc.property(keys, instants, fc.nat(1_000), (key, start, sequence) => {
      const reservation = { ...key, start, end: start + 1_800 };
      const text = eventText(reservation, { uid: 'u', nowSeconds: start, sequence });
      assert.ok(text.split('\r\n').every((line) => Buffer.byteLength(line) <= 75));
      const read = readEvent(text, { range: reservation, zone });
      const { start: from, end: to } = reservation;
      assert.deepEqual(read, {
        ...{ tag: key.tag, reservationId: key.id, sequence, start: from, end: to },
        busy: [{ start: from, end: to }],
      });
    }),
  );
});

test('what is no event is nobody’s, and what is no calendar is refused', () => {
  const range = { start: 0, end: 1 };
  const todo = calendar('BEGIN:VTODO\nUID:a\nEND:VTODO');
  assert.deepEqual(readEvent(todo, { range, zone }), {
    ...{ tag: null, reservationId: null, sequence: 0, start: 0, end: 0, busy: [] },
  });
  const broken = [
    ...['', 'hello', '<html></html>', 'BEGIN:VCALENDAR', calendar(event('DTSTART:yesterday'))],
    ...[calendar(event()), 'BEGIN:VEVENT\r\nEND:VEVENT', calendar(event('DTSTART')), '\0'],
  ];
  for (const text of broken) assert.throws(() => readEvent(text, { range, zone }), text);
});
