import pg from 'pg';
import { sqlState } from '../postgres.ts';
import type { PostgresHome } from './home.ts';

const duplicates = ['42710', '42P04'];

/**
 * `host` in the query outranks the one before the path, which is there because a URL without any
 * is refused by URL parsers. The port is named so that somebody's PGPORT changes nothing.
 */
export function urlOf(home: PostgresHome, database = 'slotwright', user = 'slotwright'): string {
  const sockets = encodeURIComponent(home.sockets);
  return `postgresql://${user}@localhost/${database}?host=${sockets}&port=5432`;
}

/**
 * The service's role owns its database and is no superuser, as with a server of one's own. It makes
 * the roles under which it works.
 */
export async function ensureDatabase(home: PostgresHome): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(home, 'postgres', 'postgres') });
  await client.connect();
  // An earlier start has done it already, or a part of it.
  const unlessThere = (sql: string): Promise<unknown> =>
    client.query(sql).catch((error: unknown) => {
      if (!duplicates.includes(sqlState(error) ?? '')) throw error;
    });
  try {
    await unlessThere('CREATE ROLE slotwright LOGIN CREATEDB IN ROLE pg_monitor');
    await client.query('ALTER ROLE slotwright CREATEROLE');
    await unlessThere('CREATE DATABASE slotwright OWNER slotwright');
  } finally {
    await client.end();
  }
}
