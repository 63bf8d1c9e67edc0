import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { booking, contractSuite, hourAt, person } from '../support/contract-service.ts';

const contract = contractSuite(4);
const { send } = contract;

const dayMs = 86_400_000;
const firstMs = Math.floor(Date.now() / dayMs) * dayMs + 5 * dayMs;
const hour = (index: number) => hourAt(firstMs + index * 3_600_000);

interface Listed {
  id: string;
  version: number;
  slot: { start_time: string; end_time: string };
  state: string;
}

async function list(search: string): Promise<Listed[]> {
  const all: Listed[] = [];
  for (let cursor = ''; ;) {
    const answer = await send(`GET /v1/appointments?${search}${cursor && `&cursor=${cursor}`}`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    all.push(...(answer.body['items'] as Listed[]));
    if (answer.body['next_cursor'] === null) return all;
    cursor = String(answer.body['next_cursor']);
  }
}

test('slots that overlap [from, to); ordered by start, id', async () => {
  const customer_id = randomUUID();
  for (const index of [3, 1, 2, 2]) {
    const body = booking({ customer_id, slot: hour(index) });
    assert.equal((await send('POST /v1/appointments', { body, wait: 20 })).status, 201);
  }
  const own = `customer_id=${customer_id}`;
  const all = await list(`${own}&limit=1`);
  assert.equal(all.length, 4);
  const places = all.map(({ id, slot }) => `${slot.start_time} ${id}`);
  assert.deepEqual(places, places.toSorted());
  const starts = async (range: string): Promise<string[]> =>
    (await list(`${own}&${range}`)).map(({ slot }) => slot.start_time);
  const at = (index: number): string => hour(index).start_time;
  assert.deepEqual(await starts(`from=${at(2)}&to=${at(3)}`), [at(2), at(2)]);
  assert.deepEqual(await starts(`from=${at(1).replace(':00:00', ':30:00')}&to=${at(2)}`), [at(1)]);
  assert.deepEqual(await starts(`from=${at(4)}`), []);
  assert.deepEqual(await starts(`to=${at(1)}`), []);
});

test(
  '`GET /v1/appointments?customer_id&resource_id&location&state&service_type&from&to&limit&' +
    'cursor` answers 200 `{items, next_cursor}`; `limit` 50',
  async () => {
    const customer_id = randomUUID();
    const book = async (changes: object): Promise<Listed> => {
      const body = booking({ customer_id, ...changes });
      const made = await send('POST /v1/appointments', { body, wait: 20 });
      assert.equal(made.status, 201, made.text);
      return made.body as unknown as Listed;
    };
    const service_types = ['consultation', 'pickup'];
    await contract.put('/v1/resources/r3', person({ service_types }));
    const here = await book({ slot: hour(20), location: 'here', resource_id: 'r0' });
    const yard = await book({ slot: hour(21), location: 'My yard', resource_id: 'r1' });
    const pickup = await book({ slot: hour(22), service_type: 'pickup' });
    const found = async (search: string): Promise<string[]> =>
      (await list(`customer_id=${customer_id.toUpperCase()}&${search}`)).map(({ id }) => id);
    assert.deepEqual(await found('limit=200'), [here.id, yard.id, pickup.id]);
    assert.deepEqual(await found('resource_id=r0'), [here.id]);
    assert.deepEqual(await found('resource_id=nobody'), []);
    assert.deepEqual(await found('location=My%20yard'), [yard.id]);
    assert.deepEqual(await found('location=My+yard'), [yard.id]);
    assert.deepEqual(await found('service_type=pickup'), [pickup.id]);
    assert.deepEqual(await found('state=CANCELLED,FAILED'), []);
    const from = `from=${hour(21).start_time}`;
    assert.deepEqual(await found(`${from}&to=${hour(22).start_time}`), [yard.id]);
    assert.deepEqual(await found(`${from}&service_type=consultation&resource_id=r1`), [yard.id]);
    assert.deepEqual(await list(`customer_id=${randomUUID()}`), []);

    const many = Array.from({ length: 51 }, (_, index) => book({ slot: hour(100 + index) }));
    await Promise.all(many);
    const { body } = await send(`GET /v1/appointments?customer_id=${customer_id}`);
    assert.deepEqual(Object.keys(body).sort(), ['items', 'next_cursor']);
    assert.equal((body['items'] as Listed[]).length, 50);
    assert.equal(typeof body['next_cursor'], 'string');
    const [one] = body['items'] as Listed[];
    assert.deepEqual((await send(`GET /v1/appointments/${one?.id}`)).body['id'], one?.id);
  },
);

test('`state` takes a comma list', async () => {
  const customer_id = randomUUID();
  const made = [10, 11, 12].map(async (index) => {
    const body = booking({ customer_id, slot: hour(index) });
    return (await send('POST /v1/appointments', { body, wait: 20 })).body['id'];
  });
  const [cancelled] = await Promise.all(made);
  const body = { idempotency_key: randomUUID() };
  await send(`POST /v1/appointments/${String(cancelled)}/cancel`, { body, wait: 20 });
  const own = `customer_id=${customer_id}`;
  assert.deepEqual(
    (await list(`${own}&state=CANCELLED`)).map(({ id }) => id),
    [cancelled],
  );
  assert.equal((await list(`${own}&state=CANCELLED,SCHEDULED,CONFIRMED`)).length, 3);
  assert.equal((await send(`GET /v1/appointments?${own}&state=NONE`)).status, 422);
});

test(
  'stable cursors under concurrent writes: what is not changed during the read is seen ' +
    'exactly once',
  async () => {
    const customer_id = randomUUID();
    const still = new Set<unknown>();
    const moving: string[] = [];
    for (let index = 40; index < 70; index += 1) {
      const body = booking({ customer_id, slot: hour(index) });
      const made = await send('POST /v1/appointments', { body, wait: 20 });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      if (index % 2 === 0) still.add(made.body['id']);
      else moving.push(String(made.body['id']));
    }
    let reading = true;
    const write = async (): Promise<number> => {
      let moves = 0;
      for (let turn = 0; reading; turn += 1) {
        const id = moving[turn % moving.length] ?? '';
        const slot = hour(40 + ((turn * 7) % 40));
        const call = `PATCH /v1/appointments/${id}`;
        const body = { idempotency_key: randomUUID(), slot };
        if ((await send(call, { body, wait: 20 })).status === 200) moves += 1;
      }
      return moves;
    };
    const writers = [write(), write()];
    for (let turn = 0; turn < 15; turn += 1) {
      const seen = await list(`customer_id=${customer_id}&limit=3`);
      const counts = Map.groupBy(seen, ({ id }) => id);
      for (const id of still) assert.equal(counts.get(String(id))?.length, 1);
      const places = seen.map(({ id, slot }) => `${slot.start_time} ${id}`);
      assert.deepEqual(places, places.toSorted());
    }
    reading = false;
    const moves = await Promise.all(writers);
    assert.ok(
      moves.every((count) => count > 0),
      'the writers moved appointments meanwhile',
    );
  },
);

test('page size 1–200 (422 outside); a bad cursor is 400', async () => {
  for (const limit of [0, 201, 'x']) {
    assert.equal((await send(`GET /v1/appointments?limit=${limit}`)).status, 422);
  }
  for (const call of ['GET /v1/appointments?cursor=x', 'GET /v1/events?after=x']) {
    const bad = await send(call);
    assert.deepEqual([bad.status, bad.body['code']], [400, 'bad-cursor']);
  }
  assert.equal((await send('GET /v1/events?limit=201')).status, 422);
});
