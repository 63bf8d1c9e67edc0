import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Principal } from '../../src/contract/principal.ts';
import { createGateway, type Gateway } from '../../src/gateway/index.ts';
import { systemClock } from '../../src/io/clock.ts';
import { createLog } from '../../src/io/log.ts';
import { createMetrics } from '../../src/io/metrics.ts';
import { sha256, systemRandom } from '../../src/io/random.ts';
import { insertKeyIfAbsent } from '../../src/store/write/api-keys.ts';
import { openApi, staff, type ApiFixture } from '../support/api-fixture.ts';
import { openEventStream, type EventStream } from '../support/event-stream.ts';
import { eventually } from '../support/eventually.ts';

let api: ApiFixture;
let gateway: Gateway;
const key = 'events-key-0123456789';
const shards = 64;

before(async () => {
  api = await openApi({ limits: { maxStreamsEach: 3, streamHeartbeatMs: 60, pollEventsMs: 20 } });
  gateway = await edge();
  await insertKeyIfAbsent(api.database, 1, {
    ...{ tenantId: 'default', keyId: randomUUID(), prefix: 'events', hash: sha256(key) },
    scopes: ['events:read'],
    by: { actor: 'test', requestId: null },
  });
});

after(async () => {
  await gateway.stop();
  await api.close();
});

async function edge(): Promise<Gateway> {
  const made = createGateway({
    ...{ clock: systemClock, random: systemRandom, log: createLog('silent', 'test') },
    config: { host: '127.0.0.1', port: 0 },
    directory: api.directory,
    metrics: createMetrics(),
    routes: [api.route('GET /v1/events')],
    onKeyUse: () => undefined,
    notReady: () => [],
  });
  await made.start();
  return made;
}

const written = new Map<string, number>();

/** Appends as the relay does: positions without gaps, told by the shard in the same commit. */
async function append(events: { tenant?: string; shard: number }[]): Promise<string[]> {
  const texts: string[] = [];
  for (const { tenant = 'default', shard } of events) {
    const version = (written.get(`${tenant} ${shard}`) ?? 0) + 1;
    written.set(`${tenant} ${shard}`, version);
    const text = JSON.stringify({ id: `${tenant}-${shard}:${version}`, shard, sequence: version });
    await api.store.query(
      `WITH placed AS (UPDATE outbox_shards SET last_position = last_position + 1
        WHERE shard = $1 RETURNING shard, last_position)
      INSERT INTO event_log (shard, position, tenant_id, appointment_id, version, type, event,
        created_at, appended_at)
      SELECT shard, last_position, $2, $3, $4, 'test', $5, now(), clock_timestamp() FROM placed`,
      [shard, tenant, randomUUID(), version, text],
    );
    texts.push(text);
  }
  return texts;
}

interface Page {
  items: { id: string; shard: number; sequence: number }[];
  next_cursor: string;
}

async function read(after?: string, limit = 200, as: Principal = staff): Promise<Page> {
  const query = { limit, ...(after !== undefined && { after }) };
  const answer = await api.request({ route: 'GET /v1/events', query, as });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as unknown as Page;
}

async function readAll(limit: number, as: Principal = staff): Promise<Page['items']> {
  const all: Page['items'] = [];
  for (let after: string | undefined; ;) {
    const page = await read(after, limit, as);
    if (page.items.length === 0) return all;
    assert.ok(page.items.length <= limit);
    all.push(...page.items);
    after = page.next_cursor;
  }
}

const other: Principal = { ...staff, tenantId: 'other', actor: 'key:other' };
const count = 400;

test('pages of any size show every event of the tenant once, in order per shard', async () => {
  await api.store.query(`INSERT INTO tenants (tenant_id, name) VALUES ('other', 'Other')`);
  const empty = await read();
  assert.deepEqual(empty.items, []);
  const order = Array.from({ length: count }, (_, index) => ({
    tenant: index % 3 === 0 ? 'other' : 'default',
    // One shard has a long run of its own, most of it another tenant's.
    shard: index < 60 ? 7 : (index * 29) % shards,
  }));
  await append(order);
  for (const limit of [1, 7, 200]) {
    for (const [as, share] of [
      [staff, count - Math.ceil(count / 3)],
      [other, Math.ceil(count / 3)],
    ] as const) {
      const seen = await readAll(limit, as);
      assert.equal(seen.length, share);
      assert.equal(new Set(seen.map(({ id }) => id)).size, share);
      assert.ok(seen.every(({ id }) => id.startsWith(as.tenantId)));
      for (const same of Map.groupBy(seen, ({ shard }) => shard).values()) {
        assert.deepEqual(
          same.map(({ sequence }) => sequence),
          same.map((_, index) => index + 1),
        );
      }
    }
  }
  assert.equal((await read(empty.next_cursor, 5)).items.length, 5);
});

test('the end of the log has a cursor from which what comes later is read', async () => {
  let last = await read();
  while (last.items.length > 0) last = await read(last.next_cursor);
  assert.equal((await read(last.next_cursor)).next_cursor, last.next_cursor);
  const [text] = await append([{ shard: 3 }, { shard: 3, tenant: 'other' }]);
  const next = await read(last.next_cursor);
  assert.deepEqual(next.items, [JSON.parse(text ?? '')]);
});

test('a cursor that is not one is a 400, in the address as in the header', async () => {
  const query = { after: 'nonsense' };
  const wrong = await api.request({ route: 'GET /v1/events', query });
  assert.deepEqual([wrong.status, wrong.body['code']], [400, 'bad-cursor']);
  const headers = { 'last-event-id': 'nonsense' };
  const resumed = await api.request({ route: 'GET /v1/events', headers });
  assert.deepEqual([resumed.status, resumed.body['code']], [400, 'bad-cursor']);
});

const stream = (more: { after?: string; lastEventId?: string; gate?: Gateway } = {}) => {
  const { host, port } = (more.gate ?? gateway).address();
  const search = more.after === undefined ? '' : `?after=${more.after}`;
  return openEventStream({
    url: `http://${host}:${port}/v1/events${search}`,
    key,
    ...(more.lastEventId !== undefined && { lastEventId: more.lastEventId }),
  });
};

async function end(): Promise<string> {
  let page = await read();
  while (page.items.length > 0) page = await read(page.next_cursor);
  return page.next_cursor;
}

test('a stream tells what there is and what comes, and is resumed where it was left', async () => {
  const behind = await end();
  const earlier = await append([{ shard: 1 }, { shard: 1, tenant: 'other' }, { shard: 2 }]);
  const first = await stream({ after: behind });
  assert.equal(first.status, 200);
  assert.match(first.headers.get('content-type') ?? '', /^text\/event-stream/);
  await eventually(() => first.events.length === 2);
  assert.deepEqual(
    first.events.map(({ data }) => data).sort(),
    [earlier[0] ?? '', earlier[2] ?? ''].sort(),
  );
  const [more] = await append([{ shard: 5 }]);
  await eventually(() => first.events.length === 3);
  assert.equal(first.events[2]?.data, more);
  const left = first.events[0]?.id ?? '';
  first.close();

  const second = await stream({ after: behind, lastEventId: left });
  await eventually(() => second.events.length === 2);
  assert.deepEqual(
    second.events.map(({ data }) => data),
    first.events.slice(1).map(({ data }) => data),
  );
  // The ids are cursors of the pages, too.
  assert.equal((await read(second.events[0]?.id)).items.length, 1);
  second.close();
});

test('a stream on which nothing happens says that it lives', async () => {
  const quiet = await stream({ after: await end() });
  await eventually(() => quiet.comments.length >= 2);
  assert.deepEqual(quiet.events, []);
  quiet.close();
});

test('a caller has so many streams and no more, until one ends', async () => {
  const open: EventStream[] = [];
  await eventually(async () => {
    const next = await stream();
    if (next.status !== 200) return open.length === 3;
    open.push(next);
    return false;
  });
  const refused = await stream();
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
  open[0]?.close();
  const again = await eventually(async () => {
    const next = await stream();
    return next.status === 200 ? next : undefined;
  });
  for (const one of [...open, again]) one.close();
});

/** Counts the pages of events that are read from here on. */
function countPages(): () => number {
  const { reads } = api;
  const of = reads.of.bind(reads);
  let pages = 0;
  reads.of = (tenantId) => {
    const { run } = of(tenantId);
    return {
      tenantId,
      run: (statement, values) => {
        if (statement.name === 'events_after_positions') pages += 1;
        return run(statement, values);
      },
    };
  };
  return () => pages;
}

test('a reader that does not read is waited for, not buffered for', async () => {
  const behind = await end();
  const filler = 'x'.repeat(60_000);
  await api.store.query(
    `WITH made AS (UPDATE outbox_shards SET last_position = last_position + 1600 WHERE shard = 9
      RETURNING last_position)
    INSERT INTO event_log (shard, position, tenant_id, appointment_id, version, type, event,
      created_at)
    SELECT 9, last_position - 1600 + n, 'default', gen_random_uuid(), n, 'test',
      '{"n":' || n || ',"filler":"${filler}"}', now() FROM made, generate_series(1, 1600) n`,
  );
  const pages = countPages();
  const slow = await stream({ after: behind });
  slow.pause();
  await sleep(300);
  // What the kernel's buffers take may be read (some 40 MB), but not all of the 96 MB.
  assert.ok(pages() >= 1 && pages() < 24, `${pages()} of 32 pages read for one who reads none`);
  slow.resume();
  await eventually(() => slow.events.length === 1600, 20_000);
  assert.deepEqual(
    slow.events.map(({ data }) => (JSON.parse(data) as { n: number }).n),
    Array.from({ length: 1600 }, (_, index) => index + 1),
  );
  slow.close();
});

test('draining ends the streams and does not wait for them', async () => {
  const draining = await edge();
  const open = await stream({ after: await end(), gate: draining });
  await eventually(() => open.comments.length > 0);
  await draining.stop();
  await eventually(() => open.ended);
  assert.equal(open.error, undefined);
});

test('HEAD of the stream is answered without one', async () => {
  const { host, port } = gateway.address();
  const answer = await fetch(`http://${host}:${port}/v1/events`, {
    method: 'HEAD',
    headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' },
  });
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), '');
});
