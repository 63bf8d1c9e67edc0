import type pg from 'pg';
import { openPool, type DatabaseOptions, type Queries, type Statement } from './postgres.ts';
import { TenantQuery } from './tenant-query.ts';

/** Statements run this way see the rows of one tenant alone. */
export interface TenantQueries extends Queries {
  readonly tenantId: string;
}

export interface TenantReads {
  of(tenantId: string): TenantQueries;
  close(): Promise<void>;
}

export interface TenantReadsOptions extends DatabaseOptions {
  /** Tells the server the tenant, its one parameter, for the rest of the transaction. */
  tell: Statement<never>;
}

export function openTenantReads({ tell, ...options }: TenantReadsOptions): TenantReads {
  const { pool } = openPool(options);
  const run = async <Row>(
    tenantId: string,
    asked: Statement<Row>,
    values: readonly unknown[] = [],
  ): Promise<Row[]> => {
    const query = new TenantQuery({ tell, tenantId, asked }, values);
    // The pool answers with what comes of it; the driver's types know this of text alone.
    const answered: unknown = pool.query(query);
    return ((await answered) as pg.QueryResult).rows as Row[];
  };
  return {
    of: (tenantId) => ({ tenantId, run: (asked, values) => run(tenantId, asked, values) }),
    close: () => pool.end(),
  };
}
