import pg from 'pg';
import { sqlState } from '../postgres.ts';
import type { PostgresHome } from './home.ts';

const absent = ['3D000', '28000'];
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
  if (await isComplete(urlOf(home))) return;
  const client = new pg.Client({ connectionString: urlOf(home, 'postgres', 'postgres') });
  await client.connect();
  // A start that was killed here has done a part of it already.
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

async function isComplete(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString });
  try {
    await client.connect();
    const { rows } = await client.query<{ complete: boolean }>(
      `SELECT rolcreaterole AS complete FROM pg_roles WHERE rolname = current_user`,
    );
    return rows[0]?.complete === true;
  } catch (error) {
    if (absent.includes(sqlState(error) ?? '')) return false;
    throw error;
  } finally {
    await client.end();
  }
}
