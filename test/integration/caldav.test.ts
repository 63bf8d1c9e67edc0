import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openCalendars } from '../../src/io/calendar/open-calendars.ts';
import { systemClock } from '../../src/io/clock.ts';
import type { CaldavServerName } from '../support/caldav-server.ts';
import {
  eventOfPeople,
  hour,
  openCaldavWorld,
  tag,
  told,
  within,
  zone,
  type CaldavWorld,
} from '../support/caldav-world.ts';
import { eventually } from '../support/eventually.ts';
import { seeded } from '../support/load.ts';
import { peer } from '../support/peer.ts';

const servers = { radicale: peer('radicale'), xandikos: peer('xandikos') };
const worlds = new Map<CaldavServerName, CaldavWorld>();
after(async () => {
  for (const world of worlds.values()) await world.close();
});

type Body = (world: CaldavWorld & { name: CaldavServerName }) => Promise<void>;

/** One test for each server, which is started by the first of them. */
function onEach(title: string, body: Body): void {
  for (const name of ['radicale', 'xandikos'] as const) {
    const { url: command, skip } = servers[name];
    test(`${name}: ${title}`, { skip }, async () => {
      const world = worlds.get(name) ?? (await openCaldavWorld(name, command));
      worlds.set(name, world);
      world.nextDay();
      try {
        await body({ ...world, name });
      } finally {
        world.proxy.heal();
      }
    });
  }
}

onEach(
  'a slot is reserved, moved, listed and released, as another client sees it',
  async ({ server, calendar, slot, utc, held }) => {
    const wanted = slot('a');
    assert.equal((await calendar.reserve(wanted, within())).kind, 'reserved');
    const seen = async (): Promise<string> =>
      (await server.texts()).find((text) => text.includes(wanted.id)) ?? '';
    const created = await seen();
    for (const line of [
      ...[`DTSTART:${utc(10)}`, `DTEND:${utc(11)}`, 'SEQUENCE:0', 'SUMMARY:Consultation'],
      ...['CATEGORIES:Slotwright', `X-SLOTWRIGHT-TAG:${tag}`, `X-SLOTWRIGHT-ID:${wanted.id}`],
    ]) {
      assert.ok(created.includes(`\r\n${line}\r\n`), `${line} in ${created}`);
    }
    assert.match(created, /\r\nDTSTAMP:\d{8}T\d{6}Z\r\n/);
    const moved = { ...slot('a', 14), summary: 'Other' };
    assert.equal((await calendar.move(moved, within())).kind, 'reserved');
    assert.deepEqual(await held(), [`${wanted.id} 14-15`]);
    assert.match(await seen(), /\r\nSEQUENCE:1\r\n/);
    await calendar.release(wanted, within());
    assert.deepEqual([await held(), await seen()], [[], '']);
  },
);

onEach(
  'twice is once: reserve, move and release can be repeated, one after another or at once',
  async ({ calendar, slot, held }) => {
    const wanted = slot('a');
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, () => calendar.reserve(wanted, within())),
    );
    assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(['reserved']));
    assert.deepEqual(await held(), [`${wanted.id} 10-11`]);
    await calendar.move(slot('a', 12), within());
    await calendar.move(slot('a', 12), within());
    // Reserving the id at another time is moving it.
    await calendar.reserve(slot('a', 13), within());
    assert.deepEqual(await held(), [`${wanted.id} 13-14`]);
    await Promise.all([calendar.release(wanted, within()), calendar.release(wanted, within())]);
    await calendar.release(wanted, within());
    assert.deepEqual(await held(), []);
  },
);

onEach(
  'what people have entered refuses the slots it overlaps, with its times',
  async ({ calendar, day, slot, utc, theirs, held, busyHours }) => {
    await theirs('meeting', `DTSTART:${utc(10.5)}`, `DTEND:${utc(12)}`);
    const refused = await calendar.reserve(slot('a'), within());
    const { start } = day;
    assert.deepEqual(refused, {
      ...{ kind: 'refused', reason: 'busy' },
      busy: [{ start: start + 10.5 * hour, end: start + 12 * hour }],
    });
    assert.equal((await calendar.reserve(slot('b', 9), within())).kind, 'reserved');
    assert.equal((await calendar.reserve(slot('c', 12), within())).kind, 'reserved');
    assert.equal((await calendar.move(slot('b', 11), within())).kind, 'refused');
    assert.deepEqual(await held(), [`${slot('b').id} 9-10`, `${slot('c').id} 12-13`]);
    assert.deepEqual(await busyHours(), ['10.5-12']);
  },
);

onEach(
  'what came after our event does not take its slot from it',
  async ({ calendar, slot, utc, theirs, busyHours }) => {
    const wanted = slot('a');
    await calendar.reserve(wanted, within());
    await theirs('late', `DTSTART:${utc(10)}`, `DTEND:${utc(11)}`);
    assert.equal((await calendar.reserve(wanted, within())).kind, 'reserved');
    assert.deepEqual(await busyHours(), ['10-11']);
  },
);

onEach(
  'series, whole days and floating times are busy in the zone of the resource',
  async ({ calendar, day, slot, utc, theirs, busyHours, name }) => {
    const past = new Date((day.start - 28 * 24 * hour) * 1_000).toISOString();
    const then = past.slice(0, 10).replaceAll('-', '');
    await theirs('weekly', `DTSTART:${then}T070000`, 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY');
    await theirs('daily', `DTSTART:${then}T200000Z`, 'DURATION:PT30M', 'RRULE:FREQ=DAILY;COUNT=29');
    const free = ['TRANSP:TRANSPARENT', `DTSTART:${utc(10)}`, 'DURATION:PT1H'];
    await theirs('free', ...free);
    await theirs('off', 'STATUS:CANCELLED', `DTSTART:${utc(10)}`, 'DURATION:PT1H');
    assert.deepEqual(await busyHours(), ['6-7', '20-20.5']);
    // xandikos looks at the first occurrence of a series alone when asked for a range.
    const weekly = await calendar.reserve(slot('a', 6), within());
    assert.equal(weekly.kind, name === 'radicale' ? 'refused' : 'reserved');
    await calendar.release(slot('a', 6), within());
    const date = utc(0).slice(0, 8);
    await theirs('holiday', `DTSTART;VALUE=DATE:${date}`);
    assert.deepEqual((await busyHours())[0], '0-23');
    assert.equal((await calendar.reserve(slot('a'), within())).kind, 'refused');
  },
);

onEach(
  'what is not ours is neither changed nor deleted, whatever its name and tag',
  async ({ server, calendar, slot, utc, held, busyHours }) => {
    const wanted = slot('a');
    const outcome = await calendar.reserve(wanted, within());
    const reference = outcome.kind === 'reserved' ? (outcome.reference ?? '') : '';
    await calendar.release(wanted, within());
    // A person's event under the very name and UID that ours would have.
    const lines = [`DTSTART:${utc(20)}`, `DTEND:${utc(21)}`];
    await server.put(reference, eventOfPeople(reference.replace(/\.ics$/, ''), lines));
    const refused = { kind: 'refused', reason: 'not-ours', busy: [] };
    assert.deepEqual(await calendar.reserve(wanted, within()), refused);
    assert.deepEqual(await calendar.move(slot('a', 12), within()), refused);
    await calendar.release(wanted, within());
    assert.deepEqual(await busyHours(), ['20-21']);
    // Another installation's reservation is somebody else's event.
    const other = { ...slot('b', 15), tag: 'other/default' };
    await calendar.reserve(other, within());
    await calendar.release({ ...other, tag }, within());
    assert.deepEqual([await busyHours(), await held()], [['15-16', '20-21'], []]);
  },
);

onEach(
  'what a person has moved of ours is brought back, and can be released',
  async ({ server, calendar, slot, utc, held }) => {
    const wanted = slot('a');
    await calendar.reserve(wanted, within());
    const [text = ''] = (await server.texts()).filter((one) => one.includes(wanted.id));
    const uid = /UID:(\S+)/.exec(text)?.[1] ?? '';
    const moved = text.replace(utc(10), utc(16)).replace(utc(11), utc(17));
    await server.put(`${uid}.ics`, moved);
    assert.deepEqual(await held(), [`${wanted.id} 16-17`]);
    await calendar.reserve(wanted, within());
    assert.deepEqual(await held(), [`${wanted.id} 10-11`]);
    await server.put(`${uid}.ics`, moved);
    await calendar.release(wanted, within());
    assert.deepEqual(await held(), []);
  },
);

onEach(
  'no answer before the request arrived: nothing is there, and again succeeds',
  async ({ proxy, calendar, slot, held }) => {
    const wanted = slot('a');
    for (const fault of [{ kind: 'half-open', flow: 'up' }, { kind: 'blackhole' }] as const) {
      proxy.use({ fault, only: /^PUT/ });
      assert.equal(await told(calendar.reserve(wanted, within(700))), 'ambiguous no-answer');
      proxy.heal();
      assert.deepEqual(await held(), []);
    }
    proxy.use({ kind: 'refuse' });
    assert.equal(await told(calendar.reserve(wanted, within())), 'failed no-connection');
    proxy.heal();
    assert.equal((await calendar.reserve(wanted, within())).kind, 'reserved');
  },
);

for (const then of ['reset', 'hang'] as const) {
  onEach(
    `an answer that is lost (${then}) after the request was done is ambiguous, and again is once`,
    async ({ proxy, calendar, slot, held }) => {
      const wanted = slot('a');
      const ambiguous = then === 'reset' ? 'ambiguous connection-lost' : 'ambiguous no-answer';
      const lose = (only: RegExp): void =>
        proxy.use({ fault: { kind: 'answer-dropped', then }, only });
      lose(/^PUT/);
      assert.equal(await told(calendar.reserve(wanted, within(1_500))), ambiguous);
      proxy.heal();
      assert.deepEqual(await held(), [`${wanted.id} 10-11`]);
      assert.equal((await calendar.reserve(wanted, within())).kind, 'reserved');
      lose(/^PUT/);
      assert.equal(await told(calendar.move(slot('a', 12), within(1_500))), ambiguous);
      proxy.heal();
      assert.equal((await calendar.move(slot('a', 12), within())).kind, 'reserved');
      assert.deepEqual(await held(), [`${wanted.id} 12-13`]);
      lose(/^DELETE/);
      assert.equal(await told(calendar.release(wanted, within(1_500))), ambiguous);
      proxy.heal();
      await calendar.release(wanted, within());
      assert.deepEqual(await held(), []);
    },
  );
}

onEach(
  'a reservation that lands after its release is gone after the next one',
  async ({ server, proxy, calendar, through, slot, held }) => {
    const wanted = slot('a');
    proxy.use({ fault: { kind: 'latency', ms: 1_500, flow: 'up' }, only: /^PUT/ });
    assert.equal(await told(calendar.reserve(wanted, within(500))), 'ambiguous no-answer');
    const direct = through(server.url);
    await direct.release(wanted, within());
    assert.deepEqual(await held(direct), [], 'the release came first');
    await eventually(async () => (await held(direct)).length === 1);
    await direct.release(wanted, within());
    assert.deepEqual(await held(direct), []);
    // A late move finds another version, or none, and does nothing.
    await direct.reserve(wanted, within());
    const before = proxy.counts().exchanges;
    assert.equal(await told(calendar.move(slot('a', 12), within(500))), 'ambiguous no-answer');
    assert.ok(proxy.counts().exchanges > before);
    await direct.release(wanted, within());
    const slow = eventually(async () => (await held(direct)).length > 0, 2_500);
    await assert.rejects(slow, 'a changed event came to life again');
  },
);

onEach(
  'errors of the server are failures, and of throttling it is told how long',
  async ({ server, proxy, calendar, through, slot, held }) => {
    const answer = (status: string, ...headers: string[]): void => {
      const lines = [`HTTP/1.1 ${status}`, ...headers, 'Content-Length: 0', 'Connection: close'];
      proxy.use({ fault: { kind: 'answered', with: `${lines.join('\r\n')}\r\n\r\n` } });
    };
    const asked = (): Promise<unknown> => told(calendar.reserve(slot('a'), within()));
    answer('503 Service Unavailable', 'Retry-After: 1');
    assert.equal(await asked(), 'failed http-503');
    answer('500 Internal Server Error');
    assert.equal(await asked(), 'failed http-500');
    answer('429 Too Many Requests', 'Retry-After: 3');
    await assert.rejects(calendar.release(slot('a'), within()), {
      ...{ kind: 'throttled', retryAfterMs: 3_000 },
    });
    answer('302 Found', 'Location: http://169.254.169.254/');
    assert.equal(await asked(), 'refused redirected');
    assert.deepEqual(await held(through(server.url)), []);
  },
);

onEach(
  'an answer that is cut, malformed or huge is a failure, and never an empty calendar',
  async ({ proxy, calendar, day, utc, theirs }) => {
    await theirs('meeting', `DTSTART:${utc(10)}`, `DTEND:${utc(11)}`);
    const busy = (): Promise<unknown> => told(calendar.busy({ tag, range: day }, within()));
    proxy.use({ kind: 'answer-cut', afterBytes: 400 });
    assert.equal(await busy(), 'failed connection-lost');
    const answer = (body: string): void => {
      const head = 'HTTP/1.1 207 Multi-Status\r\nConnection: close';
      proxy.use({ kind: 'answered', with: `${head}\r\n\r\n${body}` });
    };
    for (const body of ['', 'Service is fine', '<html/>', '<multistatus xmlns="DAV:"><response>']) {
      answer(body);
      assert.equal(await busy(), 'failed answer-unreadable', body);
    }
    answer(`<multistatus xmlns="DAV:">${' '.repeat(1_000_000)}</multistatus>`);
    assert.equal(await busy(), 'failed answer-too-large');
    const object = (data: string): string => `<response><href>/x.ics</href><propstat><prop>
    <C:calendar-data>${data}</C:calendar-data></prop><status>HTTP/1.1 200 OK</status></propstat>
    </response>`;
    const open = '<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">';
    answer(`${open}${object('BEGIN:VCALENDAR')}${object('%PDF')}</multistatus>`);
    assert.deepEqual(await busy(), { intervals: [], unreadable: 2 });
  },
);

onEach(
  'what is not there or not permitted is refused for good',
  async ({ proxy, through, slot, name }) => {
    const missing = through(proxy.url, { path: '/user/nothing-here/' });
    assert.match(String(await told(missing.reserve(slot('a'), within()))), /^refused no-/);
    // xandikos knows no passwords.
    if (name === 'radicale') {
      const stranger = through(proxy.url, { password: 'wrong' });
      const refused = 'refused not-authorised';
      assert.equal(await told(stranger.reserve(slot('a'), within())), refused);
      assert.equal(await told(stranger.release(slot('a'), within())), refused);
    }
    const nowhere = openCalendars({ clock: systemClock, egress: { allow: [] } });
    const access = { kind: 'caldav', username: null, password: null, zone } as const;
    const inside = nowhere.of({ ...access, url: proxy.url });
    assert.equal(await told(inside.reserve(slot('a'), within())), 'refused egress-scheme');
    await nowhere.close();
  },
);

onEach(
  'whatever goes wrong at random, in the end there is what was asked for last',
  async ({ server, proxy, calendar, slot, hoursOf, held }) => {
    const random = seeded(11);
    proxy.use(
      { fault: { kind: 'reset' }, probability: 0.1 },
      { fault: { kind: 'answer-dropped', then: 'reset' }, probability: 0.15 },
      { fault: { kind: 'answer-cut', afterBytes: 30 }, probability: 0.1 },
      { fault: { kind: 'latency', ms: 30 }, probability: 0.2 },
    );
    const insist = async (act: () => Promise<unknown>): Promise<void> => {
      await eventually(() => act().then(() => true), 30_000);
    };
    const expected: string[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, hourOfDay) => {
        const half = { ...slot(`r${hourOfDay}`, hourOfDay) };
        await insist(() => calendar.reserve(half, within()));
        const later = { ...half, start: half.start + hour / 2, end: half.start + hour };
        const lot = random();
        if (lot < 0.3) return insist(() => calendar.release(half, within()));
        if (lot < 0.6) await insist(() => calendar.move(later, within()));
        const last = lot < 0.6 ? later : half;
        expected.push(`${last.id} ${hoursOf(last)}`);
      }),
    );
    proxy.heal();
    assert.deepEqual(await held(), expected.sort());
    const prefix = slot('r').id.replace(/:.*/, '');
    const ours = (await server.texts()).filter((text) => text.includes(`:${prefix}`));
    assert.equal(ours.length, expected.length);
  },
);
