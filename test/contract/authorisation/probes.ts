import { randomUUID } from 'node:crypto';
import { booking, freshHour, keyed, person } from '../../support/contract-service.ts';
import { customers, resources, type Caller } from './callers.ts';
import type { Kind, Known, Target } from './scenery.ts';
import type { Sent } from './wire.ts';

/** How a call of the matrix is made, and by what it is told that it was served. */
export interface Probe {
  send(on: Target, caller: Caller): Sent;
  /** What it uses up where it is served. */
  takes?: Kind;
  /** Text of an answer that shows, or does, what was asked. */
  shows?(on: Target): string;
  /** What is not looked for by text: rows of a list, and how many resources are free. */
  lists?: 'appointments' | 'customers' | 'capacity';
  /** Which rows of the list its filter lets through. */
  filter?(row: Known): boolean;
  /** An answer without an end. */
  streams?: true;
}

const wait = { headers: { prefer: 'wait=20' } };
const at = (path: string, more: Partial<Probe> = {}): Probe => ({
  send: () => ({ call: `GET ${path}` }),
  ...more,
});
const byId = (on: Target): string => on.appointment;

function onAppointment(rest: string, more: Partial<Probe> = {}): Probe {
  const send = (on: Target): Sent => ({ call: `GET /v1/appointments/${on.appointment}${rest}` });
  return { send, shows: byId, ...more };
}

/** A step of an appointment in the state that it takes. */
function step(action: string, takes: Kind = 'appointment'): Probe {
  const send = (on: Target): Sent => ({
    ...{ call: `POST /v1/appointments/${on.appointment}/${action}`, ...wait },
    body: keyed({ reason: 'because' }),
  });
  return { send, takes, shows: byId };
}

function patch(body: (on: Target) => object, more: Partial<Probe> = {}): Probe {
  const send = (on: Target): Sent => ({
    ...{ call: `PATCH /v1/appointments/${on.appointment}`, body: body(on), ...wait },
  });
  return { send, shows: byId, ...more };
}

const appointments: Record<string, Probe> = {
  'POST /v1/appointments': {
    send: () => ({
      call: 'POST /v1/appointments',
      body: booking({ customer_id: customers.owner, resource_id: resources.doer }),
    }),
    shows: (on) => on.customer,
  },
  'POST /v1/appointments: again': {
    send: (on) => ({ call: 'POST /v1/appointments', body: on.created }),
    shows: byId,
  },
  "POST /v1/appointments: another's used key": {
    send: ({ createdToo }) => ({
      call: 'POST /v1/appointments',
      body: { ...createdToo, customer_id: customers.other },
    }),
  },
  'GET /v1/appointments': at('/v1/appointments?limit=200', { lists: 'appointments' }),
  'GET /v1/appointments: of a customer': at(
    `/v1/appointments?limit=200&customer_id=${customers.owner}`,
    { lists: 'appointments', filter: ({ customer }) => customer === customers.owner },
  ),
  'GET /v1/appointments: on a resource': at(
    `/v1/appointments?limit=200&resource_id=${resources.doer}`,
    { lists: 'appointments', filter: ({ resource }) => resource === resources.doer },
  ),
  'GET /v1/appointments/{id}': onAppointment(''),
  'GET /v1/appointments/{id}: seen before': {
    send: (on) => ({
      call: `GET /v1/appointments/${on.appointment}`,
      headers: { 'if-none-match': on.etag },
    }),
  },
  'GET /v1/appointments/{id}/timeline': onAppointment('/timeline'),
  'GET /v1/commands/{id}': {
    send: (on) => ({ call: `GET /v1/commands/${on.command}` }),
    shows: byId,
  },
  'PATCH /v1/appointments/{id}': patch(() => keyed({ metadata: { seen: true } }), {
    takes: 'appointment',
  }),
  'PATCH /v1/appointments/{id}: another time': patch(() => keyed({ slot: freshHour() }), {
    takes: 'appointment',
  }),
  'PATCH /v1/appointments/{id}: old version': {
    send: (on) => ({
      call: `PATCH /v1/appointments/${on.appointment}`,
      body: keyed({ metadata: { seen: true } }),
      headers: { 'if-match': '"1"' },
    }),
  },
  'PATCH /v1/appointments/{id}: again': {
    send: ({ updated: { id, body } }) => ({ call: `PATCH /v1/appointments/${id}`, body }),
    shows: ({ updated }) => updated.id,
  },
  'PATCH /v1/appointments/{id}: used key': patch(({ updated }) => ({
    ...updated.body,
    metadata: { other: true },
  })),
  'POST /v1/appointments/{id}/cancel': step('cancel'),
  'POST /v1/appointments/{id}/cancel: again': {
    send: ({ cancelled: { id, body } }) => ({ call: `POST /v1/appointments/${id}/cancel`, body }),
    shows: ({ cancelled }) => cancelled.id,
  },
  'POST /v1/appointments/{id}/start': step('start'),
  'POST /v1/appointments/{id}/complete': step('complete', 'started'),
  'POST /v1/appointments/{id}/fail': step('fail'),
  'POST /v1/appointments/{id}/fail: too late': {
    send: ({ cancelled }) => ({
      call: `POST /v1/appointments/${cancelled.id}/fail`,
      body: keyed({ reason: 'because' }),
    }),
  },
};

/** An hour at which everybody is free. */
function availability(more = ''): string {
  const hour = (Math.floor(Date.now() / 86_400_000) + 25) * 86_400_000;
  const [from, to] = [hour, hour + 3_600_000].map(
    (ms) => `${new Date(ms).toISOString().slice(0, 19)}Z`,
  );
  return `/v1/availability?service_type=consultation&from=${from}&to=${to}${more}`;
}

const customer = ({ customer: id }: Target): Sent => ({ call: `GET /v1/customers/${id}` });

const catalogue: Record<string, Probe> = {
  'GET /v1/availability': at(availability(), { lists: 'capacity' }),
  'GET /v1/availability: of a resource': at(availability(`&resource_id=${resources.doer}`), {
    shows: () => '"free":1',
  }),
  'GET /v1/customers': at('/v1/customers', { lists: 'customers' }),
  'GET /v1/customers/{id}': { send: customer, shows: (on) => on.customer },
  'PUT /v1/customers/{id}': {
    send: () => ({ call: `PUT /v1/customers/${randomUUID()}`, body: { name: 'Somebody' } }),
    shows: () => 'Somebody',
  },
  ...named({ path: '/v1/service-types', id: 'code', kind: 'type', body: {} }),
  ...named({ path: '/v1/locations', id: 'id', kind: 'location', body: { time_zone: 'UTC' } }),
  ...named({ path: '/v1/resources', id: 'id', kind: 'spare', body: resource() }),
  // Both tenants have one of this name.
  'GET /v1/resources/{id}': {
    send: (on) => ({ call: `GET /v1/resources/${on.resource}` }),
    shows: (on) => on.resource,
  },
  'GET /v1/resources/{id}/absences': {
    send: (on) => ({ call: `GET /v1/resources/${on.spare}/absences` }),
    shows: (on) => on.absence,
  },
  'POST /v1/resources/{id}/absences': absence(''),
  'POST /v1/resources/{id}/absences: tried': absence('?dry_run=true'),
  'GET /v1/resources/{id}/absences/{absence_id}': {
    send: (on) => ({ call: `GET /v1/resources/${on.spare}/absences/${on.absence}` }),
    shows: (on) => on.absence,
  },
  'DELETE /v1/resources/{id}/absences/{absence_id}': {
    send: (on) => ({ call: `DELETE /v1/resources/${on.spare}/absences/${on.absence}` }),
    takes: 'absence',
  },
};

function resource(): object {
  return person({ service_types: ['pickup'] });
}

/** List, one, PUT and DELETE of a part of the catalogue. */
function named(part: {
  path: string;
  id: string;
  kind: 'type' | 'location' | 'spare';
  body: object;
}): Record<string, Probe> {
  const { path, id, kind, body } = part;
  const one = (method: string, on: Target): Sent => ({ call: `${method} ${path}/${on[kind]}` });
  return {
    [`GET ${path}`]: at(path, { shows: (on) => on[kind] }),
    [`GET ${path}/{${id}}`]: { send: (on) => one('GET', on), shows: (on) => on[kind] },
    [`PUT ${path}/{${id}}`]: {
      send: () => ({ call: `PUT ${path}/${randomUUID()}`, body: { ...body, name: 'Something' } }),
      shows: () => 'Something',
    },
    [`DELETE ${path}/{${id}}`]: { send: (on) => one('DELETE', on), takes: kind },
  };
}

function absence(query: string): Probe {
  return {
    send: (on) => ({
      call: `POST /v1/resources/${on.spare}/absences${query}`,
      body: keyed(freshHour()),
    }),
    shows: (on) => on.spare,
  };
}

const events = at('/v1/events?limit=200', { shows: byId });

const admin: Record<string, Probe> = {
  'GET /v1/events': events,
  'GET /v1/events: as a stream': {
    ...events,
    send: () => ({ call: 'GET /v1/events', headers: { accept: 'text/event-stream' } }),
    streams: true,
  },
  'GET /v1/admin/tenants': at('/v1/admin/tenants', { shows: (on) => on.tenant }),
  'GET /v1/admin/tenants/{id}': {
    send: (on) => ({ call: `GET /v1/admin/tenants/${on.tenant}` }),
    shows: (on) => on.tenant,
  },
  'PUT /v1/admin/tenants/{id}': {
    send: (on) => ({ call: `PUT /v1/admin/tenants/${on.tenant}`, body: { name: 'A new name' } }),
    shows: () => 'A new name',
  },
  'GET /v1/admin/keys': at('/v1/admin/keys', { shows: (on) => on.key }),
  'GET /v1/admin/keys: of a tenant': {
    send: (on) => ({ call: `GET /v1/admin/keys?tenant=${on.tenant}` }),
    shows: (on) => on.key,
  },
  'POST /v1/admin/keys': {
    send: (on) => ({
      call: 'POST /v1/admin/keys',
      body: keyed({ tenant: on.tenant, scopes: ['events:read'] }),
    }),
    shows: () => '"key":"',
  },
  'GET /v1/admin/keys/{id}': {
    send: (on) => ({ call: `GET /v1/admin/keys/${on.key}` }),
    shows: (on) => on.key,
  },
  'DELETE /v1/admin/keys/{id}': {
    send: (on) => ({ call: `DELETE /v1/admin/keys/${on.key}` }),
    takes: 'key',
  },
};

const open: Record<string, Probe> = {
  'GET /': at('/'),
  'GET /docs': at('/docs'),
  'GET /docs/{file}': at('/docs/start.js'),
  'GET /problems/{code}': at('/problems/forbidden'),
  'GET /openapi.json': at('/openapi.json'),
  'GET /asyncapi.json': at('/asyncapi.json'),
  'GET /healthz': at('/healthz'),
  'GET /readyz': at('/readyz'),
  'GET admin-port/metrics': at('admin-port/metrics'),
  'GET admin-port/healthz': at('admin-port/healthz'),
  'GET admin-port/readyz': at('admin-port/readyz'),
};

const hour = { now: 0, regions: [] };
const internal: Record<string, Probe> = {
  'POST internal-port/internal/wake': internalPost('wake', {}),
  'GET internal-port/internal/decisions': at('internal-port/internal/decisions'),
  'POST internal-port/internal/availability': internalPost('availability', hour),
  'POST internal-port/internal/absence-preview': internalPost('absence-preview', hour),
};

function internalPost(name: string, body: object): Probe {
  return { send: () => ({ call: `POST internal-port/internal/${name}`, body }) };
}

/** By the name of the matrix's row. */
export const probes: Readonly<Record<string, Probe>> = {
  ...appointments,
  ...catalogue,
  ...admin,
  ...open,
  ...internal,
};
