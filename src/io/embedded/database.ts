import pg from 'pg';
import { sqlState } from '../postgres.ts';
import type { PostgresHome } from './home.ts';

const absent = ['3D000', '28000'];
const duplicate = '42710';

/**
 * `host` in the query outranks the one before the path, which is there because a URL without any
 * is refused by URL parsers. The port is named so that somebody's PGPORT changes nothing.
 */
export function urlOf(home: PostgresHome, database = 'slotwright', user = 'slotwright'): string {
  const sockets = encodeURIComponent(home.sockets);
  return `postgresql://${user}@localhost/${database}?host=${sockets}&port=5432`;
}

/** The service's role owns its database and is no superuser, as with a server of one's own. */
export async function ensureDatabase(home: PostgresHome): Promise<void> {
  if (await connects(urlOf(home))) return;
  const client = new pg.Client({ connectionString: urlOf(home, 'postgres', 'postgres') });
  await client.connect();
  try {
    // A start that was killed here has made the role already.
    await client
      .query('CREATE ROLE slotwright LOGIN CREATEDB IN ROLE pg_monitor')
      .catch((error: unknown) => {
        if (sqlState(error) !== duplicate) throw error;
      });
    await client.query('CREATE DATABASE slotwright OWNER slotwright');
  } finally {
    await client.end();
  }
}

async function connects(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString });
  try {
    await client.connect();
    return true;
  } catch (error) {
    if (absent.includes(sqlState(error) ?? '')) return false;
    throw error;
  } finally {
    await client.end();
  }
}
