import assert from 'node:assert/strict';
import { test } from 'node:test';
import { booking, contractSuite, freshHour, keyed } from '../support/contract-service.ts';
import { eventually } from '../support/eventually.ts';

const contract = contractSuite(2);
const { send } = contract;

interface Item {
  kind: string;
  at: string;
  version: number;
  from: string | null;
  to: string;
  cause: string;
  actor: string;
  type: string;
  published: boolean;
  [other: string]: unknown;
}

async function timeline(id: unknown): Promise<Item[]> {
  const { status, body } = await send(`GET /v1/appointments/${String(id)}/timeline`);
  assert.equal(status, 200, JSON.stringify(body));
  return body['items'] as Item[];
}

async function act(id: unknown, action: string, body: object = {}): Promise<void> {
  const call =
    action === 'PATCH'
      ? `PATCH /v1/appointments/${String(id)}`
      : `POST /v1/appointments/${String(id)}/${action}`;
  const answer = await send(call, { body: keyed(body), wait: 20 });
  assert.equal(answer.status, 200, `${action}: ${JSON.stringify(answer.body)}`);
}

const stepsOf = (items: Item[]): string[] =>
  items.filter(({ kind }) => kind === 'transition').map(({ from, to }) => `${from ?? '–'} → ${to}`);

const eventsOf = (items: Item[]): string[] =>
  items
    .filter(({ kind }) => kind === 'event')
    .map(({ type }) => type.replace(/^appointment\.(.*)\.v1$/, '$1'));

const booked = ['– → INIT', 'INIT → SCHEDULED', 'SCHEDULED → CONFIRMED'];
const bookedEvents = ['accepted', 'scheduled', 'confirmed'];

const settled = (id: unknown): Promise<Item[]> =>
  eventually(async () => {
    const items = await timeline(id);
    const transitions = items.filter(({ kind }) => kind === 'transition');
    const published = items.filter((item) => item.kind === 'event' && item.published);
    const last = transitions.at(-1)?.to;
    return last !== 'SCHEDULED' && published.length === transitions.length ? items : undefined;
  });

test(
  '– → INIT → SCHEDULED → CONFIRMED: create accepted, the engine holds a slot, the ' +
    'calendar agrees',
  async () => {
    const { id } = await contract.confirmed();
    const items = await settled(id);
    assert.deepEqual(stepsOf(items), booked);
    assert.deepEqual(eventsOf(items), bookedEvents);
  },
);

test(
  'SCHEDULED, CONFIRMED → SCHEDULED: reschedule applied `rescheduled` ' + '(with `previous`)',
  async () => {
    const before = await contract.confirmed();
    const slot = freshHour();
    await act(before['id'], 'PATCH', { slot });
    const items = await settled(before['id']);
    assert.deepEqual(stepsOf(items), [...booked, 'CONFIRMED → SCHEDULED', 'SCHEDULED → CONFIRMED']);
    assert.deepEqual(eventsOf(items), [...bookedEvents, 'rescheduled', 'confirmed']);
    const event = (await eventsAbout(before['id'])).find(({ type }) =>
      type.includes('rescheduled'),
    );
    assert.ok(event);
    assert.deepEqual(event.data['slot'], slot);
    assert.deepEqual(event.data['previous'], {
      slot: before['slot'],
      resource_id: before['resource_id'],
    });
    assert.equal(typeof event.region, 'string');
    assert.equal(typeof event.position, 'number');
  },
);

test(
  'CONFIRMED → IN_PROGRESS · IN_PROGRESS → COMPLETED: start (whatever the clock says) · ' +
    'complete',
  async () => {
    const { id } = await contract.confirmed();
    await act(id, 'start');
    await act(id, 'complete');
    const items = await settled(id);
    assert.deepEqual(stepsOf(items), [
      ...booked,
      'CONFIRMED → IN_PROGRESS',
      'IN_PROGRESS → COMPLETED',
    ]);
    assert.deepEqual(eventsOf(items), [...bookedEvents, 'started', 'completed']);
  },
);

test('INIT, SCHEDULED, CONFIRMED, IN_PROGRESS → CANCELLED: cancel', async () => {
  const { id } = await contract.confirmed();
  await act(id, 'cancel', { reason: 'ill' });
  const items = await settled(id);
  assert.deepEqual(stepsOf(items), [...booked, 'CONFIRMED → CANCELLED']);
  assert.deepEqual(eventsOf(items), [...bookedEvents, 'cancelled']);
  const started = await contract.confirmed();
  await act(started['id'], 'start');
  await act(started['id'], 'cancel');
  assert.equal(stepsOf(await settled(started['id'])).at(-1), 'IN_PROGRESS → CANCELLED');
});

test('INIT, SCHEDULED, CONFIRMED, IN_PROGRESS → FAILED, always with a `reason`', async () => {
  const { id } = await contract.confirmed();
  const missing = await send(`POST /v1/appointments/${String(id)}/fail`, { body: keyed() });
  assert.equal(missing.status, 422);
  await act(id, 'fail', { reason: 'no show' });
  const items = await settled(id);
  assert.deepEqual(stepsOf(items), [...booked, 'CONFIRMED → FAILED']);
  assert.deepEqual(eventsOf(items), [...bookedEvents, 'failed']);
  const { body } = await send(`GET /v1/appointments/${String(id)}`);
  assert.deepEqual([body['state'], body['reason']], ['FAILED', 'no show']);
  const event = (await eventsAbout(id)).find(({ type }) => type.includes('failed'));
  assert.equal(event?.data['reason'], null, "a client's words are not in events");

  const taken = await contract.confirmed({ resource_id: 'r0' });
  const refused = await send('POST /v1/appointments', {
    ...{ body: booking({ slot: taken['slot'], resource_id: 'r0' }), wait: 20 },
  });
  const failed = await settled(refused.body['appointment_id']);
  assert.deepEqual(stepsOf(failed), ['– → INIT', 'INIT → FAILED']);
  assert.equal(failed.find(({ to }) => to === 'FAILED')?.['reason'], 'no-room');
});

test('any non-final → same: metadata changed `updated`', async () => {
  const { id } = await contract.confirmed();
  await act(id, 'PATCH', { metadata: { a: 1 } });
  await act(id, 'start');
  await act(id, 'PATCH', { metadata: { b: 1 } });
  const items = await settled(id);
  assert.deepEqual(stepsOf(items).slice(3), [
    'CONFIRMED → CONFIRMED',
    'CONFIRMED → IN_PROGRESS',
    'IN_PROGRESS → IN_PROGRESS',
  ]);
  assert.deepEqual(eventsOf(items).slice(3), ['updated', 'started', 'updated']);
});

test(
  'One command makes at most one version: slot and metadata together are one ' +
    '`rescheduled`; a PATCH that changes nothing is applied without version or event',
  async () => {
    const before = await contract.confirmed();
    const slot = freshHour();
    await act(before['id'], 'PATCH', { slot, metadata: { a: 1 } });
    const items = await settled(before['id']);
    assert.deepEqual(eventsOf(items), [...bookedEvents, 'rescheduled', 'confirmed']);
    const { body: now } = await send(`GET /v1/appointments/${String(before['id'])}`);
    assert.deepEqual([now['slot'], now['metadata']], [slot, { a: 1 }]);
    for (const nothing of [{}, { slot }, { metadata: { a: 1 } }, { location: null }]) {
      await act(before['id'], 'PATCH', nothing);
    }
    const { body: after } = await send(`GET /v1/appointments/${String(before['id'])}`);
    assert.deepEqual(after, now);
    assert.deepEqual(eventsOf(await settled(before['id'])), eventsOf(items));
  },
);

test('SCHEDULED, CONFIRMED and IN_PROGRESS hold the slot', async () => {
  const slot = freshHour();
  const inItsPlace = async (): Promise<number> => {
    const body = booking({ slot, resource_id: 'r1' });
    const made = await send('POST /v1/appointments', { body, wait: 20 });
    if (made.status === 201) await act(made.body['id'], 'cancel');
    return made.status;
  };
  for (const ending of ['cancel', 'complete', 'fail']) {
    const { id } = await contract.confirmed({ slot, resource_id: 'r1' });
    assert.equal(await inItsPlace(), 409);
    if (ending === 'complete') {
      await act(id, 'start');
      assert.equal(await inItsPlace(), 409);
    }
    await act(id, ending, { reason: 'x' });
    assert.equal(await inItsPlace(), 201, `after ${ending}`);
  }
});

test('Every version has exactly one row of history and one event', async () => {
  const { id } = await contract.confirmed();
  await act(id, 'PATCH', { slot: freshHour() });
  await eventually(async () => (await contract.stateOf(id)) === 'CONFIRMED');
  await act(id, 'PATCH', { metadata: { a: 1 } });
  await act(id, 'start');
  await act(id, 'complete');
  const items = await settled(id);
  const versions = (kind: string): number[] =>
    items.filter((item) => item.kind === kind).map(({ version }) => version);
  const { body } = await send(`GET /v1/appointments/${String(id)}`);
  const expected = Array.from({ length: Number(body['version']) }, (_, index) => index + 1);
  assert.deepEqual(versions('transition'), expected);
  assert.deepEqual(versions('event'), expected);
  const events = await eventsAbout(id);
  assert.deepEqual(
    events.map(({ sequence }) => sequence),
    expected,
  );
});

test(
  'a PATCH or cancel sent in INIT is decided after the create; the commands of one ' +
    'appointment are decided in order of acceptance',
  async () => {
    const body = booking();
    const made = await send('POST /v1/appointments', { body });
    const path = `/v1/appointments/${String(made.body['id'])}`;
    const slot = freshHour();
    const patched = await send(`PATCH ${path}`, { body: keyed({ slot }) });
    assert.equal(patched.status, 202, JSON.stringify(patched.body));
    const cancelled = await send(`POST ${path}/cancel`, { body: keyed(), wait: 20 });
    assert.equal(cancelled.status, 200, JSON.stringify(cancelled.body));
    const items = await settled(made.body['id']);
    const causes = items.filter(({ kind }) => kind === 'transition').map(({ cause }) => cause);
    const order = ['schedule', 'reschedule', 'cancel'].map((cause) => causes.indexOf(cause));
    assert.ok(order[0] !== undefined && order[0] > 0, JSON.stringify(causes));
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
      JSON.stringify(causes),
    );
  },
);

test(
  '`{items:[{at, kind: transition, command, saga, notification or event, …}]}` in order of ' +
    'time; a transition has `version`, `from`, `to`, `cause`, `actor`',
  async () => {
    const { id } = await contract.confirmed();
    await act(id, 'PATCH', { slot: freshHour() });
    const items = await settled(id);
    assert.deepEqual(
      items.map(({ at }) => at),
      items.map(({ at }) => at).toSorted(),
    );
    const kinds = new Set(items.map(({ kind }) => kind));
    for (const kind of ['transition', 'command', 'saga', 'event']) assert.ok(kinds.has(kind), kind);
    await eventually(async () => (await timeline(id)).some(({ kind }) => kind === 'notification'));
    for (const item of items.filter(({ kind }) => kind === 'transition')) {
      assert.ok(['version', 'from', 'to', 'cause', 'actor'].every((name) => name in item));
    }
    assert.ok(items.findIndex(({ kind }) => kind === 'command') === 0, 'the create comes first');
  },
);

interface Event {
  type: string;
  subject: string;
  sequence: number;
  region?: string;
  position?: number;
  data: Record<string, unknown>;
}

async function eventsAbout(id: unknown): Promise<Event[]> {
  const found: Event[] = [];
  for (let after = ''; ;) {
    const { body } = await send(`GET /v1/events?limit=200${after && `&after=${after}`}`);
    const items = body['items'] as Event[];
    found.push(...items.filter(({ subject }) => subject === id));
    after = String(body['next_cursor']);
    if (items.length === 0) return found;
  }
}
