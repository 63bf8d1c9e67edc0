import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Appointment } from '../domain/appointment.ts';
import type { AppointmentState, EventName } from '../domain/appointment-state.ts';
import { appointmentEvent, type EventContext } from './appointment-event.ts';
import { asyncApiDocument } from './asyncapi.ts';
import { eventNames } from './event-schema.ts';

const document = asyncApiDocument() as {
  channels: { events: { messages: Record<string, object> } };
  components: { messages: Record<string, { name: string; payload: { $ref: string } }> };
};
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(document, 'asyncapi');

function validator(name: string): ValidateFunction {
  return ajv.compile({ $ref: `asyncapi#/components/messages/${name}/payload` });
}

const appointment: Appointment = {
  tenantId: 'default',
  id: '018f3c1e-7b4a-7c3d-9e2f-5a6b7c8d9e0f',
  version: 3,
  state: 'SCHEDULED',
  customerId: '7d444840-9dc0-41d1-b245-5ffdce74fad2',
  start: 2_064_646_800,
  end: 2_064_648_600,
  serviceType: 'consultation',
  location: 'berlin',
  locationKnown: true,
  requestedResourceId: null,
  resourceId: 'berlin-adviser-1',
  region: 'default',
  metadata: '{"order":1}',
  reason: null,
  proof: null,
  createdAt: 2_000_000_000,
  updatedAt: 2_000_000_001,
};

const hold = { region: 'default', position: 7 };
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const previous = { start: 2_064_643_200, end: 2_064_645_000, resourceId: 'berlin-adviser-2' };

/** As the service makes them: the state after the event, and what the event needs beside it. */
const made: Record<EventName, [AppointmentState, Partial<EventContext>?, Partial<Appointment>?]> = {
  accepted: [
    'INIT',
    {},
    { version: 1, resourceId: null, location: 'a place', locationKnown: false },
  ],
  scheduled: ['SCHEDULED', { hold }],
  confirmed: ['CONFIRMED'],
  rescheduled: ['SCHEDULED', { hold, previous }],
  reassigned: ['SCHEDULED', { hold, previous: { ...previous, resourceId: null } }],
  started: ['IN_PROGRESS'],
  completed: ['COMPLETED', { hold }],
  cancelled: ['CANCELLED', {}, { reason: 'I am ill' }],
  failed: ['FAILED', { hold }, { reason: 'no-room' }],
  updated: ['CONFIRMED'],
  imported: ['COMPLETED'],
};

const eventOf = (name: EventName, more: Partial<EventContext> = {}): Record<string, unknown> => {
  const [state, context, changes] = made[name];
  const after = { ...appointment, state, ...changes };
  const { bytes } = appointmentEvent(after, { name, traceparent, ...context, ...more });
  return JSON.parse(bytes) as Record<string, unknown>;
};

for (const name of eventNames) {
  test(`the event ${name} is as its schema says, with and without a trace`, () => {
    const validate = validator(name);
    for (const event of [eventOf(name), eventOf(name, { traceparent: null })]) {
      assert.ok(validate(event), `${JSON.stringify(event)} ${JSON.stringify(validate.errors)}`);
    }
  });

  test(`the schema of ${name} objects to what the event must not be`, () => {
    const validate = validator(name);
    const event = eventOf(name);
    const data = event['data'] as Record<string, unknown>;
    for (const [member, value] of Object.entries(event)) {
      const optional = member === 'traceparent';
      const without = { ...event, [member]: undefined };
      if (!optional) assert.ok(!validate(without), `${name} without ${member}`);
      if (value !== data)
        assert.ok(!validate({ ...event, [member]: 'other' }) || member === 'region');
    }
    assert.ok(!validate({ ...event, more: 1 }));
    assert.ok(!validate({ ...event, data: { ...data, metadata: {} } }));
    assert.ok(!validate({ ...event, data: { ...data, reason: 'I am ill' } }));
    assert.ok(!validate({ ...event, data: { ...data, location: 'a place' } }));
    const { previous: had, ...rest } = data;
    const other = had === undefined ? { ...data, previous } : rest;
    assert.ok(!validate({ ...event, data: other }), 'previous');
  });
}

test('every message of the channel is one that is described, under the type of its events', () => {
  assert.deepEqual(Object.keys(document.channels.events.messages), eventNames);
  for (const name of eventNames) {
    assert.equal(document.components.messages[name]?.name, eventOf(name)['type']);
  }
});
