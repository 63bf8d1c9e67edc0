import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

export interface ProcessIdentity {
  processId: string;
  roles: readonly string[];
  host: string;
  pid: number;
  version: string;
  internalUrl: string | null;
}

const insertProcess = statement<{ session_key: number }>(
  'insert_process',
  `INSERT INTO processes (process_id, roles, host, pid, version, internal_url)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (process_id) DO UPDATE SET session_key = DEFAULT, heartbeat_at = now()
  RETURNING session_key`,
);
const lockSession = statement<never>('lock_process_session', `SELECT hold_session($1)`);
const heartbeat = statement<never>(
  'process_heartbeat',
  `UPDATE processes SET heartbeat_at = now() WHERE process_id = $1`,
);
const updateInternalUrl = statement<never>(
  'process_internal_url',
  `UPDATE processes SET internal_url = $2 WHERE process_id = $1`,
);
const deleteProcess = statement<never>(
  'delete_process',
  `DELETE FROM processes WHERE process_id = $1`,
);
const deleteStale = statement<never>(
  'delete_stale_processes',
  `DELETE FROM processes WHERE heartbeat_at < now() - interval '1 hour'`,
);

/**
 * Registers this process; its session key names the lock that shows it to be alive. Registering
 * again gives another key.
 */
export async function registerProcess(queries: Queries, who: ProcessIdentity): Promise<number> {
  await queries.run(deleteStale);
  const values = [who.processId, who.roles, who.host, who.pid, who.version, who.internalUrl];
  const [row] = await queries.run(insertProcess, values);
  if (row === undefined) throw new Error('the process row was not written');
  return row.session_key;
}

/** Holds the lock for as long as the session of `queries` lives. Liveness only, never safety. */
export async function holdSessionLock(queries: Queries, sessionKey: number): Promise<void> {
  await queries.run(lockSession, [sessionKey]);
}

export async function beatHeart(queries: Queries, processId: string): Promise<void> {
  await queries.run(heartbeat, [processId]);
}

/** Where other processes reach this one. */
export async function registerInternalUrl(
  queries: Queries,
  processId: string,
  internalUrl: string,
): Promise<void> {
  await queries.run(updateInternalUrl, [processId, internalUrl]);
}

export async function unregisterProcess(queries: Queries, processId: string): Promise<void> {
  await queries.run(deleteProcess, [processId]);
}
