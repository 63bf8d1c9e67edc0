import assert from 'node:assert/strict';
import { openDatabase, type Database } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';
import { insertCreates } from '../../src/store/write/accept-creates.ts';
import type { TestDatabase } from './database.ts';
import { accepting, creates, openResource, type Accepting } from './engine-parts.ts';
import { eventually } from './eventually.ts';
import { at } from './placement-region.ts';

/** A booking of an hour that no other booking is near, on the one lane of `resource`. */
export interface Wanted {
  id: string;
  start: number;
  end: number;
  resource: string;
}

/** A database that a running service works on, and hands in its tables. */
export interface OrphanWorld {
  store: TestDatabase;
  api: Accepting;
  /** Another hour each time. `isOld`: with an id as it was made a month ago. */
  wanted(isOld?: boolean): Wanted;
  accept(wanted: Wanted, changes?: { region?: string }): Promise<void>;
  /** Accepts and does `sql` in one transaction, so that nobody sees what was between. */
  acceptThen(wanted: Wanted, sql: string): Promise<void>;
  /** Booked and confirmed. */
  confirmed(wanted: Wanted): Promise<void>;
  /** Booked, with a saga whose task waits for the day after. */
  scheduled(wanted: Wanted): Promise<void>;
  /** Its events from this version on do not get into the outbox, the first time. */
  loseEvents(id: string, fromVersion: number): Promise<void>;
  /** The events that were lost, in order. */
  lostEvents(id: string): Promise<string[]>;
  state(id: string): Promise<string>;
  close(): Promise<void>;
}

// Statements commit as a whole, so a part of one can only be lost inside the database.
const hands = `
  CREATE TABLE waiting_sagas (appointment_id uuid);
  CREATE FUNCTION let_wait() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    IF EXISTS (SELECT FROM waiting_sagas w WHERE w.appointment_id = NEW.appointment_id) THEN
      NEW.run_at := now() + interval '1 day';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER let_wait BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION let_wait();
  CREATE TABLE losing (appointment_id uuid, from_version int);
  CREATE TABLE lost (appointment_id uuid, version int, event text);
  CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    IF EXISTS (SELECT FROM losing l
        WHERE l.appointment_id = NEW.appointment_id AND NEW.version >= l.from_version)
      AND NOT EXISTS (SELECT FROM lost l
        WHERE l.appointment_id = NEW.appointment_id AND l.version = NEW.version) THEN
      INSERT INTO lost VALUES (NEW.appointment_id, NEW.version, NEW.event);
      RETURN NULL;
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER lose BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION lose();`;

// A week that is over: else no event would be missed in the first hour of a week.
const lastWeek = `DO $$ DECLARE monday date := date_trunc('week', now() AT TIME ZONE 'UTC')::date;
  BEGIN EXECUTE format('CREATE TABLE %I PARTITION OF event_log FOR VALUES FROM (%L) TO (%L)',
    'event_log_' || to_char(monday - 7, 'YYYYMMDD'), (monday - 7)::text || ' 00:00+00',
    monday::text || ' 00:00+00'); END $$;`;

const place = { id: 'here', name: 'Here', timeZone: 'UTC', region: 'default', active: true };
export const orphanResource = 'resource-0';

/** Prepares the database; what runs on it has an engine that takes the catalogue from here. */
export async function orphanWorld(store: TestDatabase): Promise<OrphanWorld> {
  await store.query(`${hands} ${lastWeek}`);
  const api = accepting(store);
  const database = openDatabase({ url: store.url, applicationName: 'hands', maxConnections: 2 });
  await api.put('put-location', { ...place, latitude: null, longitude: null });
  await api.put('put-resource', openResource(orphanResource, { locations: ['here'] }));
  let hours = 0;
  const state = (id: string) => stateOf(store, id);
  const accept: OrphanWorld['accept'] = async (wanted, changes = {}) => {
    await api.create({ ...request(wanted), ...changes });
  };
  return {
    ...{ store, api, state, accept },
    wanted: (isOld = false) => {
      hours += 2;
      const start = at('2031-06-02T00:00:00Z') + hours * 3_600;
      const id = isOld ? oldId() : systemRandom.uuidV7();
      return { id, start, end: start + 3_600, resource: orphanResource };
    },
    acceptThen: (wanted, sql) => acceptThen({ store, database }, wanted, sql),
    confirmed: async (wanted) => {
      await accept(wanted);
      await eventually(async () => (await state(wanted.id)) === 'CONFIRMED 3');
    },
    scheduled: async (wanted) => {
      await store.query('INSERT INTO waiting_sagas VALUES ($1)', [wanted.id]);
      await accept(wanted);
      await eventually(async () => (await state(wanted.id)) === 'SCHEDULED 2');
      await store.query('DELETE FROM waiting_sagas');
    },
    loseEvents: async (id, fromVersion) => {
      await store.query('INSERT INTO losing VALUES ($1, $2)', [id, fromVersion]);
    },
    lostEvents: async (id) => {
      const rows = await store.query<{ event: string }>(
        'SELECT event FROM lost WHERE appointment_id = $1 ORDER BY version',
        [id],
      );
      return rows.map(({ event }) => event);
    },
    close: async () => {
      await api.close();
      await database.close();
    },
  };
}

function request({ id, start, end, resource }: Wanted) {
  return { id, start, end, requestedResourceId: resource };
}

async function acceptThen(
  { store, database }: { store: TestDatabase; database: Database },
  wanted: Wanted,
  sql: string,
): Promise<void> {
  const rows = (await creates(store, request(wanted))).map(({ row }) => row);
  const [now] = await store.query<{ epoch: number }>('SELECT epoch FROM write_epoch');
  await database.transaction(async (queries) => {
    const fresh = await insertCreates(queries, now?.epoch ?? NaN, rows);
    assert.equal(fresh.size, 1, 'the booking was not accepted');
    await queries.script(sql);
  });
}

async function stateOf(store: TestDatabase, id: string): Promise<string> {
  const [row] = await store.query<{ state: string; version: number }>(
    'SELECT state, version FROM appointments WHERE appointment_id = $1',
    [id],
  );
  return row === undefined ? 'absent' : `${row.state} ${row.version}`;
}

function oldId(): string {
  const month = 30 * 24 * 3_600_000;
  const hex = (Date.now() - month).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}${systemRandom.uuidV7().slice(13)}`;
}
