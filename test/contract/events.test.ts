import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { booking, contractSuite, freshHour, hourAt, keyed } from '../support/contract-service.ts';
import { openEventStream } from '../support/event-stream.ts';
import { eventually } from '../support/eventually.ts';

const contract = contractSuite(2);
const { send } = contract;

interface Event {
  id: string;
  type: string;
  source: string;
  subject: string;
  sequence: number;
  partitionkey: string;
  traceparent: string;
  region?: string;
  position?: number;
  data: Record<string, unknown>;
}

async function page(after: string, limit = 200): Promise<{ items: Event[]; next: string }> {
  const { status, body } = await send(`GET /v1/events?limit=${limit}${after && `&after=${after}`}`);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(typeof body['next_cursor'], 'string');
  return { items: body['items'] as Event[], next: String(body['next_cursor']) };
}

/** Reads on from the cursor until nothing comes. */
async function all(from = '', limit = 200): Promise<{ items: Event[]; next: string }> {
  const items: Event[] = [];
  for (let next = from; ;) {
    const read = await page(next, limit);
    items.push(...read.items);
    next = read.next;
    if (read.items.length === 0) return { items, next };
  }
}

const stream = (options: { after?: string; lastEventId?: string } = {}) => {
  const { url, key } = contract.service;
  const { after: from, lastEventId } = options;
  const search = from === undefined ? '' : `?after=${from}`;
  return openEventStream({
    ...{ url: `${url}/v1/events${search}`, key },
    ...(lastEventId !== undefined && { lastEventId }),
  });
};

test(
  'CloudEvents 1.0: `id` = `<appointment id>:<version>`, `subject` = appointment id, ' +
    '`sequence` = version',
  async () => {
    const { next } = await all();
    const { id } = await contract.confirmed({
      metadata: { secret: 'kept' },
      location: 'My garden',
    });
    await eventually(async () => (await all(next)).items.length === 3);
    const { items } = await all(next, 1);
    assert.deepEqual(
      items.map(({ type }) => type),
      ['accepted', 'scheduled', 'confirmed'].map((name) => `appointment.${name}.v1`),
    );
    items.forEach((event, index) => {
      assert.equal(event.id, `${String(id)}:${index + 1}`);
      assert.deepEqual([event.subject, event.sequence, event.partitionkey], [id, index + 1, id]);
      assert.equal(event.source, '/tenants/default');
      assert.deepEqual([event.data['metadata'], event.data['location']], [undefined, null]);
    });
  },
);

test(
  '`type` = `appointment.<name>.v1`, extensions `sequence`, `partitionkey`, `traceparent`; ' +
    '`data` = the appointment without metadata (`reason` only where it is one of our codes, ' +
    '`location` only where it is a catalogue id), plus `previous` on rescheduled',
  async () => {
    const { next } = await all();
    const slot = freshHour();
    const made = await contract.confirmed({ slot, location: 'here', metadata: { secret: 'kept' } });
    const path = `/v1/appointments/${String(made['id'])}`;
    const patch = { body: keyed({ slot: freshHour(), metadata: { secret: 'too' } }), wait: 20 };
    assert.equal((await send(`PATCH ${path}`, patch)).status, 200);
    await eventually(async () => (await contract.stateOf(made['id'])) === 'CONFIRMED');
    await send(`POST ${path}/cancel`, { body: keyed({ reason: 'a private word' }), wait: 20 });
    const refused = await send('POST /v1/appointments', {
      ...{ body: booking({ service_type: 'pickup', location: 'My garden' }), wait: 20 },
    });
    const items = await eventually(async () => {
      const read = (await all(next)).items;
      return read.length === 8 ? read : undefined;
    });
    const own = items.filter(({ subject }) => subject === made['id']);
    const { metadata, links, warnings, ...shown } = (await send(`GET ${path}`)).body;
    assert.deepEqual([metadata, warnings], [{ secret: 'too' }, null]);
    assert.ok(links);
    assert.deepEqual(own.at(-1)?.data, { ...shown, reason: null });
    assert.ok(own.every(({ data }) => data['location'] === 'here'));
    assert.deepEqual(
      own.map(({ data }) => data['previous']),
      own.map(({ type }) =>
        type.includes('rescheduled') ? { slot, resource_id: made['resource_id'] } : undefined,
      ),
    );
    const [, failed] = items.filter(({ subject }) => subject !== made['id']);
    assert.equal(failed?.subject, refused.body['appointment_id']);
    assert.deepEqual(
      [failed?.type, failed?.data['reason'], failed?.data['location']],
      ['appointment.failed.v1', 'no-capable-resource', null],
    );
    const attributes = [
      ...['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype'],
      ...['sequence', 'partitionkey', 'traceparent', 'data'],
    ];
    const onHold = ['region', 'position'];
    for (const event of items) {
      const isHeld = /scheduled|cancelled/.test(event.type);
      const names = isHeld ? [...attributes, ...onHold] : attributes;
      assert.deepEqual(Object.keys(event).sort(), names.toSorted(), event.type);
      assert.match(event.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
      assert.ok(!JSON.stringify(event).includes('private word'));
    }
  },
);

test(
  'An event that changed a hold carries the extensions `region` and `position`: positions give ' +
    'their order',
  async () => {
    const { next } = await all();
    const slot = freshHour();
    const rounds = 5;
    for (let round = 0; round < rounds; round += 1) {
      const { id } = await contract.confirmed({ slot, resource_id: 'r0' });
      const body = keyed();
      await send(`POST /v1/appointments/${String(id)}/cancel`, { body, wait: 20 });
    }
    const changes = await eventually(async () => {
      const { items } = await all(next);
      const held = items.filter(({ position }) => position !== undefined);
      return held.length === 2 * rounds ? held : undefined;
    });
    assert.ok(changes.every(({ region }) => region === 'default'));
    const inOrder = changes.toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0));
    assert.equal(new Set(changes.map(({ position }) => position)).size, changes.length);
    // One place that was given and taken back, over and over.
    assert.deepEqual(
      inOrder.map(({ type }) => type.split('.')[1]),
      Array.from({ length: rounds }, () => ['scheduled', 'cancelled']).flat(),
    );
  },
);

test('a page of nothing new has a cursor all the same (always present: read on from it)', async () => {
  const { next } = await all();
  const empty = await page(next);
  assert.deepEqual(empty.items, []);
  await contract.confirmed();
  await eventually(async () => (await page(empty.next)).items.length === 3);
});

test('`limit`: pages follow on each other, and `after` begins where one ended', async () => {
  const { items } = await all();
  const first = await page('', 2);
  const second = await page(first.next, 3);
  assert.deepEqual(
    [...first.items, ...second.items].map(({ id }) => id),
    items.slice(0, 5).map(({ id }) => id),
  );
});

test('Equal id, equal bytes', async () => {
  const rows = await contract.database.query<{ event: string }>('SELECT event FROM event_log');
  const stored = new Map(rows.map(({ event }) => [(JSON.parse(event) as Event).id, event]));
  const { url, key } = contract.service;
  const answer = await fetch(`${url}/v1/events`, { headers: { authorization: `Bearer ${key}` } });
  const text = await answer.text();
  const { items } = JSON.parse(text) as { items: Event[] };
  assert.ok(items.length > 0);
  for (const { id } of items) assert.ok(text.includes(stored.get(id) ?? 'missing'), id);
  const open = await stream();
  await eventually(() => open.events.length >= items.length);
  for (const { data } of open.events) {
    assert.equal(data, stored.get((JSON.parse(data) as Event).id));
  }
  open.close();
});

test(
  '`Accept: text/event-stream` for the same as server-sent events with `Last-Event-ID`; ' +
    'the cursor is also the `id` of each server-sent event',
  async () => {
    const { next } = await all();
    const first = await stream({ after: next });
    await contract.confirmed();
    await eventually(() => first.events.length === 3);
    first.close();
    const second = await stream({ after: next, lastEventId: first.events[1]?.id ?? '' });
    await eventually(() => second.events.length > 0);
    assert.deepEqual(second.events, first.events.slice(2));
    second.close();
    const byPage = await page(first.events[0]?.id ?? '');
    assert.deepEqual(
      byPage.items,
      first.events.slice(1).map(({ data }) => JSON.parse(data) as Event),
    );
    const bad = await stream({ lastEventId: 'nonsense' });
    assert.equal(bad.status, 400);
    bad.close();
  },
);

test('429 carries `Retry-After` and `RateLimit`/`RateLimit-Policy`', async () => {
  const key = await contract.addKey({ scopes: ['events:read'] });
  const { url } = contract.service;
  const open = [];
  for (;;) {
    const next = await openEventStream({ url: `${url}/v1/events`, key });
    if (next.status !== 200) break;
    open.push(next);
    assert.ok(open.length <= 1_000, 'there is an end to it');
  }
  const headers = { accept: 'text/event-stream' };
  const refused = await send('GET /v1/events', { key, headers });
  assert.deepEqual([refused.status, refused.body['code']], [429, 'rate-limited']);
  for (const name of ['retry-after', 'ratelimit', 'ratelimit-policy']) {
    assert.ok(refused.headers.has(name), name);
  }
  assert.equal((await send('GET /v1/events', { key })).status, 200);
  for (const each of open) each.close();
});

// EVENTS=10000 measures; a tenth holds the line on every change.
const atLeast = Number(process.env['EVENTS'] ?? 1_200);
const writers = 16;
// Each booking makes three events, and every other one is cancelled, which makes a fourth.
const bookings = Math.ceil(atLeast / (writers * 3));

test(
  'while many write none is missed by cursor or by stream, and the order per appointment ' +
    'is kept',
  async (t) => {
    const { next } = await all();
    const open = await stream({ after: next });
    const dayMs = 86_400_000;
    const fromMs = Math.floor(Date.now() / dayMs) * dayMs + 30 * dayMs;
    const written = Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        for (let turn = 0; turn < bookings; turn += 1) {
          const slot = hourAt(fromMs + (turn * writers + writer) * 3_600_000);
          const made = await send('POST /v1/appointments', { body: booking({ slot }), wait: 20 });
          assert.equal(made.status, 201, JSON.stringify(made.body));
          const call = `POST /v1/appointments/${String(made.body['id'])}/cancel`;
          const body = { idempotency_key: randomUUID() };
          if (turn % 2 === 0) assert.equal((await send(call, { body, wait: 20 })).status, 200);
        }
      }),
    );
    const writing = new AbortController();
    const paged: Event[] = [];
    const reading = (async () => {
      for (let cursor = next; ;) {
        const last = writing.signal.aborted;
        const read = await all(cursor, 37);
        paged.push(...read.items);
        cursor = read.next;
        if (last && read.items.length === 0) return;
      }
    })();
    await written;
    // All that was decided is published, too.
    await eventually(async () => {
      const [row] = await contract.database.query<{ left: number }>(
        `SELECT count(*) AS left FROM outbox`,
      );
      const [open_] = await contract.database.query<{ left: number }>(
        `SELECT count(*) AS left FROM appointments WHERE state IN ('INIT', 'SCHEDULED')`,
      );
      return row?.left === 0 && open_?.left === 0;
    }, 20_000);
    writing.abort();
    await reading;
    const rows = await contract.database.query<{ id: string }>(
      `SELECT appointment_id || ':' || version AS id FROM appointment_history`,
    );
    const before = new Set((await all()).items.map(({ id }) => id));
    assert.deepEqual(before, new Set(rows.map(({ id }) => id)));
    await eventually(() => open.events.length >= paged.length, 30_000);
    const streamed = open.events.map(({ data }) => JSON.parse(data) as Event);
    open.close();
    t.diagnostic(`${paged.length} events by cursor, ${streamed.length} by stream`);
    assert.ok(paged.length >= atLeast);
    for (const seen of [paged, streamed]) {
      assert.deepEqual(seen.map(({ id }) => id).toSorted(), paged.map(({ id }) => id).toSorted());
      for (const own of Map.groupBy(seen, ({ subject }) => subject).values()) {
        assert.deepEqual(
          own.map(({ sequence }) => sequence),
          own.map((_, index) => index + 1),
        );
      }
    }
  },
);
