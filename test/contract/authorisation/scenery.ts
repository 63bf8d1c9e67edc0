import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { booking, freshHour, keyed, person } from '../../support/contract-service.ts';
import { eventually } from '../../support/eventually.ts';
import type { Observed } from '../../support/openapi-check.ts';
import { customers, resources, type Sight } from './callers.ts';
import type { Sent, Wire } from './wire.ts';

type Json = Record<string, unknown>;

/** What a call is about. */
export interface Target {
  appointment: string;
  /** The command that made it. */
  command: string;
  etag: string;
  customer: string;
  resource: string;
  // Of these, `away` has none of the same name.
  type: string;
  location: string;
  spare: string;
  absence: string;
  key: string;
  tenant: string;
  /** Requests that came before, with their keys, and the appointments that they are about. */
  created: Json;
  createdToo: Json;
  updated: { id: string; body: Json };
  cancelled: { id: string; body: Json };
}

/** What a call uses up, so that each caller needs its own. */
export type Kind = 'appointment' | 'started' | 'type' | 'location' | 'spare' | 'absence' | 'key';

/** A row that lists show. */
export interface Known {
  id: string;
  customer?: string;
  resource?: string;
}

export interface Secret {
  text: string;
  isFor(sight: Sight): boolean;
}

/** A dispatcher and an operator of `home`, and a key of `away`. */
export type Hands = Record<'desk' | 'ops' | 'away', string>;

export const alone = 'of home alone';
export const absenceReason = 'what nobody need know';
export const note = (id: string): string => `note about ${id}`;

/** Two tenants with resources and places of the same names, and what the calls are about. */
export class Scenery {
  readonly shared: Target;
  readonly appointments: readonly Known[];
  /** What `away` has booked. */
  readonly elsewhere: string;
  readonly #maker: Maker;

  private constructor(made: Pick<Scenery, 'shared' | 'appointments' | 'elsewhere'>, maker: Maker) {
    this.shared = made.shared;
    this.appointments = made.appointments;
    this.elsewhere = made.elsewhere;
    this.#maker = maker;
  }

  static async make(wire: Wire, hands: Hands): Promise<Scenery> {
    const maker = new Maker(wire, hands);
    await maker.catalogues();
    const { owner, other } = customers;
    const { doer, doer2 } = resources;
    const pairs = [
      { customer: owner, resource: doer },
      { customer: other, resource: doer2 },
      { customer: owner, resource: doer2 },
      { customer: other, resource: doer },
    ];
    const appointments: Known[] = [];
    for (const pair of pairs) appointments.push({ id: (await maker.booked(pair)).id, ...pair });
    const { id: elsewhere } = await maker.booked(
      { customer: randomUUID(), resource: doer },
      'away',
    );
    const shared = await maker.shared();
    appointments.push({ id: shared.appointment, customer: owner, resource: doer });
    return new Scenery({ shared, appointments, elsewhere }, maker);
  }

  /** What the calls are about, with one thing that nobody else uses. */
  async fresh(kind: Kind): Promise<Target> {
    return { ...this.shared, ...(await this.#maker.made(kind, this.shared)) };
  }

  /** What must not be seen by whoever it is not for. */
  secrets(): Secret[] {
    const isStaff = ({ customer, resource }: Sight) => customer === null && resource === null;
    const ofHome = (text: string, isFor: Secret['isFor']): Secret => ({
      text,
      isFor: (sight) => sight.tenant === 'home' && isFor(sight),
    });
    const appointments = this.appointments.flatMap((row) => [
      ofHome(row.id, (sight) => isWithin(sight, row)),
      ofHome(note(row.id), (sight) => isWithin(sight, row)),
    ]);
    const contacts = Object.entries(customers).map(([name, id]) =>
      ofHome(
        contactOf(name),
        (sight) => sight.resource === null && isWithin(sight, { customer: id }),
      ),
    );
    const calendars = Object.values(resources).map((id) =>
      ofHome(
        calendarOf(id),
        (sight) => sight.customer === null && isWithin(sight, { resource: id }),
      ),
    );
    const { command, customer, resource } = this.shared;
    const isAway = ({ tenant }: Sight) => tenant === 'away';
    return [
      ...[...appointments, ...contacts, ...calendars],
      ofHome(command, (sight) => isWithin(sight, { customer, resource })),
      ofHome(alone, () => true),
      ofHome(tenantName('home'), isStaff),
      ofHome(absenceReason, isStaff),
      { text: this.elsewhere, isFor: isAway },
      { text: tenantName('away'), isFor: isAway },
    ];
  }
}

/** Whether a row is one's own, where one has only one's own. */
export function isWithin(sight: Sight, { customer, resource }: Omit<Known, 'id'>): boolean {
  if (sight.customer !== null && customer !== sight.customer) return false;
  return sight.resource === null || resource === sight.resource;
}

export const tenantName = (id: string): string => `the company ${id}`;
const contactOf = (name: string): string => `${name}@private.example`;
export const calendarOf = (resource: string): string => `calendar-name-of-${resource}`;

class Maker {
  readonly #wire: Wire;
  readonly #hands: Hands;

  constructor(wire: Wire, hands: Hands) {
    this.#wire = wire;
    this.#hands = hands;
  }

  async catalogues(): Promise<void> {
    for (const by of ['desk', 'away'] as const) {
      await this.#put('/v1/locations/here', { name: 'Here', time_zone: 'UTC' }, by);
      await this.#put('/v1/resources/r0', person(), by);
    }
    await this.#put('/v1/resources/r1', person());
    for (const kind of ['type', 'location', 'spare'] as const) await this.#named(kind, 'ours');
    for (const [name, id] of Object.entries(customers)) {
      await this.#put(`/v1/customers/${id}`, { email: contactOf(name) });
    }
  }

  async shared(): Promise<Target> {
    const [owner, doer] = [customers.owner, resources.doer];
    const { id, created, command } = await this.booked({ customer: owner, resource: doer });
    const updated = { id, body: keyed({ metadata: { again: true } }) };
    await this.#act(`PATCH /v1/appointments/${id}`, updated.body);
    const gone = await this.booked({ customer: owner, resource: doer });
    const cancelled = { id: gone.id, body: keyed() };
    await this.#act(`POST /v1/appointments/${gone.id}/cancel`, cancelled.body);
    const { headers } = await this.#send({ call: `GET /v1/appointments/${id}` });
    return {
      ...{ appointment: id, command, etag: headers['etag'] ?? '' },
      ...{ created, createdToo: gone.created, updated, cancelled },
      ...{ customer: owner, resource: doer, tenant: 'home' },
      ...{ type: 'ours', location: 'ours', spare: 'ours' },
      ...(await this.made('absence', { spare: 'ours' })),
      ...(await this.made('key')),
    } as Target;
  }

  async made(kind: Kind, { spare }: { spare?: string } = {}): Promise<Partial<Target>> {
    switch (kind) {
      case 'appointment':
      case 'started': {
        const pair = { customer: customers.owner, resource: resources.doer };
        const { id } = await this.booked(pair);
        if (kind === 'started') await this.#act(`POST /v1/appointments/${id}/start`, keyed());
        return { appointment: id };
      }
      case 'type':
      case 'location':
      case 'spare':
        return this.#named(kind, randomUUID());
      case 'absence': {
        const body = keyed({ ...freshHour(), reason: absenceReason });
        const call = `POST /v1/resources/${spare}/absences`;
        return { absence: idOf(await this.#send({ call, body })) };
      }
      case 'key': {
        const body = keyed({ tenant: 'home', scopes: ['appointments:read'] });
        return { key: idOf(await this.#send({ call: 'POST /v1/admin/keys', body }, 'ops')) };
      }
    }
  }

  /** A confirmed appointment. */
  async booked(
    { customer, resource }: { customer: string; resource: string },
    by: keyof Hands = 'desk',
  ): Promise<{ id: string; command: string; created: Json }> {
    const created = booking({ customer_id: customer, resource_id: resource });
    const headers = { prefer: 'wait=20' };
    const made = await this.#send({ call: 'POST /v1/appointments', body: created, headers }, by);
    const id = idOf(made);
    const call = `GET /v1/appointments/${id}`;
    await eventually(async () =>
      String((await this.#send({ call }, by)).body).includes('CONFIRMED'),
    );
    const metadata = { note: note(id) };
    await this.#act(`PATCH /v1/appointments/${id}`, keyed({ metadata }), by);
    return { id, created, command: made.headers['command-id'] ?? '' };
  }

  /** Something of the catalogue that `away` does not have. */
  async #named(kind: 'type' | 'location' | 'spare', id: string): Promise<Partial<Target>> {
    if (kind === 'type') await this.#put(`/v1/service-types/${id}`, { name: alone });
    else if (kind === 'location') {
      await this.#put(`/v1/locations/${id}`, { name: alone, time_zone: 'UTC' });
    } else {
      await this.#put(`/v1/resources/${id}`, person({ name: alone, service_types: ['pickup'] }));
    }
    return { [kind]: id };
  }

  #act(call: string, body: Json, by: keyof Hands = 'desk'): Promise<Observed> {
    return this.#send({ call, body, headers: { prefer: 'wait=20' } }, by);
  }

  #put(path: string, body: object, by: keyof Hands = 'desk'): Promise<Observed> {
    // Until there is an engine for the region of a new tenant.
    return eventually(async () => {
      const answer = await this.#wire.send({ call: `PUT ${path}`, body }, this.#hands[by]);
      return answer.status === 503 ? undefined : succeeded(answer);
    }, 20_000);
  }

  async #send(sent: Sent, by: keyof Hands = 'desk'): Promise<Observed> {
    return succeeded(await this.#wire.send(sent, this.#hands[by]));
  }
}

function succeeded(answer: Observed): Observed {
  assert.ok(answer.status < 300, `${answer.method} ${answer.path}: ${String(answer.body)}`);
  return answer;
}

function idOf({ body }: Observed): string {
  return (JSON.parse(String(body)) as { id: string }).id;
}
