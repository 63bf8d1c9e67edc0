/**
 * Reads of one tenant. Each statement goes out behind a call that tells the server whose it is:
 *
 *   Bind, Execute  set_config of the tenant, for the transaction
 *   Bind, Execute  the statement
 *   Sync
 *
 * Messages before one Sync are one transaction, so that it is one round trip, and the tenant is
 * forgotten with the transaction, however that ends: the next statement of the connection begins
 * without one. Policies of the tables compare with it (migration 0007); without a tenant, nothing
 * is seen.
 */
import pg from 'pg';
import type { Statement } from './postgres.ts';

export interface TenantPair {
  /** Takes the tenant as its one parameter. */
  tell: Statement<never>;
  tenantId: string;
  asked: Statement<unknown>;
}

type Named = Record<string, string | undefined>;

/** What the driver has besides its types, which end at `submit`. */
interface Connection extends pg.Connection {
  /** Texts by name: those that the server has, and those that are on their way. */
  parsedStatements: Named;
  submittedNamedStatements: Named;
}
interface DriverQuery {
  name: string;
  text: string;
  submit(connection: Connection): Error | null;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: Connection): void;
  handleError(error: Error, connection: Connection): void;
}
const DriverQuery = pg.Query as unknown as new (asked: pg.QueryConfig) => DriverQuery;

/**
 * The driver notes a statement as prepared under the name of the query that the server is at, so
 * this one goes by the name of its first half until the server is through with that.
 */
export class TenantQuery extends DriverQuery {
  readonly #pair: TenantPair;
  #told = false;

  constructor(pair: TenantPair, values: readonly unknown[]) {
    const { name, text } = pair.asked;
    super({ name, text, values: values as unknown[] });
    this.#pair = pair;
  }

  override submit(connection: Connection): Error | null {
    const { tell, tenantId } = this.#pair;
    connection.stream.cork();
    try {
      if (!isPrepared(connection, tell.name)) {
        connection.parse({ name: tell.name, text: tell.text, types: [] }, true);
        connection.submittedNamedStatements[tell.name] = tell.text;
      }
      connection.bind({ statement: tell.name, values: [tenantId] }, true);
      connection.execute({}, true);
      return super.submit(connection);
    } finally {
      this.#goBy(tell);
      connection.stream.uncork();
    }
  }

  override handleDataRow(message: unknown): void {
    if (this.#told) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: Connection): void {
    if (this.#told) {
      super.handleCommandComplete(message, connection);
      return;
    }
    this.#told = true;
    this.#goBy(this.#pair.asked);
  }

  /** The server passes over all that follows an error: what was on its way is not prepared. */
  override handleError(error: Error, connection: Connection): void {
    const { tell, asked } = this.#pair;
    for (const { name } of [tell, asked]) delete connection.submittedNamedStatements[name];
    super.handleError(error, connection);
  }

  #goBy({ name, text }: Statement<unknown>): void {
    this.name = name;
    this.text = text;
  }
}

function isPrepared(connection: Connection, name: string): boolean {
  const { parsedStatements, submittedNamedStatements } = connection;
  return (parsedStatements[name] ?? submittedNamedStatements[name]) !== undefined;
}
