import pg from 'pg';

/** One SQL statement with the type of its rows. Prepared once per connection under its name. */
export interface Statement<Row> {
  readonly name: string;
  readonly text: string;
  /** Carries the row type only. */
  readonly row?: Row;
}

/** Runs statements; a transaction hands the same interface to its callback. */
export interface Queries {
  run<Row>(statement: Statement<Row>, values?: readonly unknown[]): Promise<Row[]>;
}

export interface Transaction extends Queries {
  /** Runs text of several statements, unprepared: migrations. */
  script(text: string): Promise<void>;
}

export interface Database extends Queries {
  /** READ COMMITTED; rolls back when `work` throws. */
  transaction<T>(work: (queries: Transaction) => Promise<T>): Promise<T>;
  /** A connection of its own, for a session lock. */
  openSession(onEnd: () => void): Promise<Session>;
  counts(): { total: number; idle: number; waiting: number };
  close(): Promise<void>;
}

export interface Session extends Queries {
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  applicationName: string;
  maxConnections: number;
  /** What its sessions act as, where that is another role than the one that logs in. */
  role?: string | undefined;
  /** Server settings of this pool's sessions, e.g. `enable_hashjoin=off`. */
  settings?: readonly string[];
  connectTimeoutMs?: number;
  onIdleError?: (error: Error) => void;
}

// Instants travel as whole epoch seconds and counters stay far below 2^53.
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === 20 ? Number : pg.types.getTypeParser(oid, format)) as never,
};

export function openDatabase(options: DatabaseOptions): Database {
  const { pool, config } = openPool(options);
  return {
    ...queriesOn(pool),
    transaction: (work) => inTransaction(pool, work),
    openSession: (onEnd) => openSession(config, onEnd),
    counts: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => pool.end(),
  };
}

/** For what reaches the database by connections of its own kind; `openDatabase` for the others. */
export function openPool(options: DatabaseOptions): { pool: pg.Pool; config: pg.PoolConfig } {
  const { role, settings = [] } = options;
  const { url, startup } = apart(options.url);
  const ours = role === undefined ? settings : [`role=${role}`, ...settings];
  const config: pg.PoolConfig = {
    connectionString: url,
    application_name: options.applicationName,
    max: options.maxConnections,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    types,
    options: [...startup, ...ours.map((setting) => `-c ${setting}`)].join(' '),
  };
  const pool = new pg.Pool(config);
  // A connection lost while idle is no error of anyone's request; the pool replaces it.
  pool.on('error', (error) => options.onIdleError?.(error));
  return { pool, config };
}

/** Options of the address itself would take the place of ours. */
function apart(address: string): { url: string; startup: string[] } {
  const [place = '', query = ''] = address.split('?', 2);
  const parameters = new URLSearchParams(query);
  const startup = parameters.getAll('options');
  parameters.delete('options');
  return startup.length === 0
    ? { url: address, startup }
    : { url: `${place}?${parameters.toString()}`, startup };
}

function queriesOn(target: pg.Pool | pg.ClientBase): Queries {
  return { run: (statement, values) => runOn(target, statement, values) };
}

async function runOn<Row>(
  target: pg.Pool | pg.ClientBase,
  { name, text }: Statement<Row>,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const result = await target.query({ name, text, values: values as unknown[] });
  return result.rows as Row[];
}

async function inTransaction<T>(
  pool: pg.Pool,
  work: (queries: Transaction) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A session that ends between two statements says so here; the next statement fails by it.
  const onError = (error: Error): void => void (broken = error);
  client.on('error', onError);
  try {
    await client.query('BEGIN');
    const script = async (text: string): Promise<void> => void (await client.query(text));
    const value = await work({ ...queriesOn(client), script });
    await client.query('COMMIT');
    return value;
  } catch (error) {
    // A connection that cannot roll back is destroyed, which rolls back all the same.
    await client.query('ROLLBACK').catch((failure: unknown) => (broken = failure as Error));
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

async function openSession(config: pg.PoolConfig, onEnd: () => void): Promise<Session> {
  const client = new pg.Client(config);
  client.on('error', () => undefined);
  client.on('end', onEnd);
  await client.connect();
  return {
    ...queriesOn(client),
    close: () => client.end(),
  };
}

/** The SQLSTATE of a server error, if it is one. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && code !== 'EPIPE'
    ? code
    : undefined;
}

const systemErrors = /^(ECONN|ENOENT|EPIPE|ETIMEDOUT|EHOST|ENET)/;
// The driver gives these no code.
const lostConnections =
  /timeout exceeded when trying to connect|Connection terminated|not queryable|calling end/;

/**
 * True where the statement failed for want of a working server: connection lost or refused
 * (class 08, 57P), out of connections, memory or disk (53), read-only server (25006).
 */
export function isUnavailable(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return /^(08|53|57P|25006|58)/.test(state);
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && systemErrors.test(code)) return true;
  return typeof message === 'string' && lostConnections.test(message);
}

/** Serialization failures and deadlocks: the same statement may succeed when run again. */
export function isTransient(error: unknown): boolean {
  return ['40001', '40P01'].includes(sqlState(error) ?? '');
}
