import { randomUUID } from 'node:crypto';
import { freshDatabase, type TestDatabase } from '../../support/database.ts';
import { startService } from '../../support/service.ts';
import { freePorts } from '../../support/service-run.ts';
import { giveCredentials, openIssuer, resources, type Caller } from './callers.ts';
import { calendarOf, Scenery, tenantName } from './scenery.ts';
import { Wire } from './wire.ts';

/** The service in a process of its own, with all that calls can be about and all who call. */
export interface Scene {
  wire: Wire;
  scenery: Scenery;
  credentials: Record<Caller, readonly (string | null)[]>;
  database: TestDatabase;
  close(): Promise<void>;
}

export async function openScene(): Promise<Scene> {
  // In reverse of the way they came; a set-up that fails half-way takes back its half.
  const ends: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const end of ends.reverse()) await end();
  };
  try {
    return { ...(await opened(ends)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function opened(ends: (() => unknown)[]): Promise<Omit<Scene, 'close'>> {
  const issuer = await openIssuer();
  ends.push(() => issuer.goAway());
  const database = await freshDatabase();
  ends.push(() => database.drop());
  const [internal] = await freePorts(1);
  const service = await startService({
    databaseUrl: database.url,
    env: {
      OIDC_ISSUER: issuer.url,
      INTERNAL_PORT: String(internal),
      INTERNAL_SECRET: randomUUID().repeat(2),
    },
  });
  ends.push(() => service.close());
  const wire = await Wire.of({
    public: service.url,
    admin: service.adminUrl,
    internal: `http://127.0.0.1:${internal}`,
  });
  ends.push(() => wire.close());
  for (const id of ['home', 'away']) {
    const body = { name: tenantName(id) };
    await wire.send({ call: `PUT /v1/admin/tenants/${id}`, body }, service.key);
  }
  const credentials = await giveCredentials(database, issuer);
  const [desk, ops, away] = (['desk', 'ops', 'away'] as const).map((caller) =>
    String(credentials[caller][0]),
  ) as [string, string, string];
  const scenery = await Scenery.make(wire, { desk, ops, away });
  for (const id of Object.values(resources)) await giveCalendar(database, id);
  return { wire, scenery, credentials, database };
}

/** By hand: calendars cannot be had through the api yet. */
async function giveCalendar(database: TestDatabase, resource: string): Promise<void> {
  const calendar = {
    kind: 'caldav',
    url: 'https://calendar.example/',
    username: calendarOf(resource),
  };
  await database.query(
    `UPDATE resources SET calendar = $2 WHERE tenant_id = 'home' AND resource_id = $1`,
    [resource, JSON.stringify(calendar)],
  );
}
