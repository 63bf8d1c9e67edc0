import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { sha256 } from '../../../src/io/random.ts';
import { deskIds, deskService, type Desks } from '../desks.ts';
import { startServer, type ServerProcess } from '../children.ts';

/**
 * A transaction of several statements, or one call of a function; both look for a lane from a
 * random one on. `in-order` is the transaction that takes the first that is free, as is usual.
 */
export type RivalWay = 'transaction' | 'in-order' | 'function';

export interface Rival extends ServerProcess {
  key: string;
  databaseUrl: string;
  /** How often the guard has refused a lane that seemed free. */
  lostRaces(): Promise<number>;
}

/** Starts a rival on an empty database of its own, beside ours on the same server. */
export async function startRival(
  way: RivalWay,
  { serverUrl, desks }: { serverUrl: string; desks: Desks },
): Promise<Rival> {
  const key = randomBytes(24).toString('hex');
  const databaseUrl = await createDatabase(serverUrl, `rival_${way.replace('-', '_')}`);
  await onDatabase(databaseUrl, async (client) => {
    await client.query(readFileSync(new URL('schema.sql', import.meta.url), 'utf8'));
    await fill(client, { key, desks });
  });
  const server = await startServer('rivals/rival-server.ts', [databaseUrl, way]);
  const lostRaces = async (): Promise<number> => {
    const answer = await fetch(`${server.url}/lost-races`);
    return ((await answer.json()) as { lostRaces: number }).lostRaces;
  };
  return { ...server, key, databaseUrl, lostRaces };
}

async function createDatabase(serverUrl: string, name: string): Promise<string> {
  await onDatabase(serverUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function fill(
  client: pg.Client,
  { key, desks }: { key: string; desks: Desks },
): Promise<void> {
  await client.query(`INSERT INTO api_keys (hash, actor) VALUES ($1, 'bench')`, [sha256(key)]);
  const lanes = deskIds(desks).flatMap((id) => Array<string>(desks.capacity).fill(id));
  await client.query(
    `INSERT INTO lanes (service_type, lane_id, resource_id)
    SELECT $1, l.lane_id, l.resource_id
    FROM unnest($2::text[]) WITH ORDINALITY l (resource_id, lane_id)`,
    [deskService, lanes],
  );
}

async function onDatabase(
  connectionString: string,
  work: (client: pg.Client) => Promise<unknown>,
): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
