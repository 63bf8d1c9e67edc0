import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { calendarWorld, compact, type CalendarWorld } from '../support/calendar-world.ts';
import { booking, freshHour, keyed } from '../support/contract-service.ts';
import { eventually } from '../support/eventually.ts';
import { peer } from '../support/peer.ts';

const radicale = peer('radicale');
type Body = Record<string, unknown>;
type Slot = ReturnType<typeof freshHour>;

let world: CalendarWorld;

describe('Bookings of resources with a calendar', { skip: radicale.skip }, () => {
  before(async () => {
    world = await calendarWorld(radicale.url);
    await world.addCalendar('anna');
    await world.addCalendar('bert');
  });
  after(() => world.close());

  test('a booking is confirmed once its slot is reserved in the calendar', async () => {
    const made = await confirmed({ resource_id: 'anna' });
    assert.ok((await world.eventsOf('anna')).includes(times(made['slot'] as Slot)));
    // The machine may be slow, and its first calls with it.
    const attempts = (await timeline(made['id']))
      .filter(({ direction }) => direction === 'run')
      .filter(({ outcome }) => outcome === 'succeeded');
    assert.deepEqual(
      attempts.map(({ step }) => step),
      ['reserve', 'confirm'],
    );
  });

  test('a new time moves the reservation, a cancelled booking leaves none', async () => {
    const made = await confirmed({ resource_id: 'anna' });
    const slot = freshHour();
    const path = `/v1/appointments/${String(made['id'])}`;
    await world.contract.send(`PATCH ${path}`, { body: keyed({ slot }) });
    await inState(made['id'], 'CONFIRMED', 4);
    const events = await world.eventsOf('anna');
    assert.ok(events.includes(times(slot)), 'it is at the new time');
    assert.ok(!events.includes(times(made['slot'] as Slot)), 'it is not at the old time');
    await world.contract.send(`POST ${path}/cancel`, { body: keyed() });
    await eventually(async () => !(await world.eventsOf('anna')).includes(times(slot)));
    await eventually(async () => (await sagaOf(made['id'], 'cancel'))?.['state'] === 'done');
  });

  test('a calendar that is busy then is imported, and another resource takes over', async () => {
    const slot = freshHour();
    await world.occupy('anna', slot);
    await world.occupy('bert', slot);
    await world.addCalendar('cleo');
    const made = await world.contract.send('POST /v1/appointments', {
      body: booking({ slot }),
      wait: 20,
    });
    const body = await inState(made.body['id'], 'CONFIRMED');
    assert.equal(body['resource_id'], 'cleo');
    assert.deepEqual(await world.eventsOf('cleo'), [times(slot)]);
    const items = await timeline(made.body['id']);
    const causes = items.filter(({ kind }) => kind === 'transition').map(({ cause }) => cause);
    assert.equal(causes.filter((cause) => cause === 'reassign').length, causes.length - 3);
  });

  test('where a resource was asked for by name and is busy, the booking fails', async () => {
    const slot = freshHour();
    await world.occupy('bert', slot);
    const { body } = await world.contract.send('POST /v1/appointments', {
      body: booking({ slot, resource_id: 'bert' }),
      wait: 20,
    });
    const failed = await inState(body['id'], 'FAILED');
    assert.equal(failed['reason'], 'calendar-refused');
    assert.equal((await world.eventsOf('bert')).filter((at) => at === times(slot)).length, 1);
  });
});

function times({ start_time, end_time }: Slot): string {
  return `${compact(start_time)}/${compact(end_time)}`;
}

async function confirmed(changes: Body): Promise<Body> {
  return world.contract.confirmed(changes);
}

function inState(id: unknown, state: string, version = 0): Promise<Body> {
  return eventually(async () => {
    const { body } = await world.contract.send(`GET /v1/appointments/${String(id)}`);
    return body['state'] === state && Number(body['version']) >= version ? body : undefined;
  });
}

async function timeline(id: unknown): Promise<Body[]> {
  const { body } = await world.contract.send(`GET /v1/appointments/${String(id)}/timeline`);
  return body['items'] as Body[];
}

async function sagaOf(id: unknown, saga: string): Promise<Body | undefined> {
  return (await timeline(id)).find((item) => item['saga'] === saga);
}
