import type { Queries } from '../io/postgres.ts';
import { statement } from './statement.ts';

/** The roles of migration 0007, which says what each may do. */
export const netRoles = {
  reader: 'slotwright_reader',
  directory: 'slotwright_directory',
  writer: 'slotwright_writer',
} as const;

/** Goes before each read of a tenant; it is of the transaction, and forgotten with it. */
export const tellTenant = statement<never>(
  'tell_tenant',
  `SELECT set_config('slotwright.tenant', $1, true)`,
);

const settleNet = statement<{ gap: string | null }>(
  'settle_row_security',
  'SELECT settle_row_security() AS gap',
);

/** Makes roles, policies and rights where they are missing, as far as the login may. */
export async function settleRowSecurity(queries: Queries): Promise<void> {
  await queries.run(settleNet);
}

/** How the login stands to row-level security. */
export interface RowSecurity {
  /** Why it cannot work under the roles, with what would help; undefined: the net is on. */
  gap: string | undefined;
  /** Policies bind it as they do the roles: without the roles it sees nothing. */
  bound: boolean;
  /** Where its tables are found, for a role whose default would be another place. */
  searchPath: string;
}

const rowSecurity = statement<{ gap: string | null; bound: boolean; search_path: string }>(
  'row_security',
  `SELECT row_security_gap() AS gap, row_security_active('appointments') AS bound,
    (SELECT string_agg(quote_ident(s), ',') FROM unnest(current_schemas(false)) s) AS search_path`,
);

export async function readRowSecurity(queries: Queries): Promise<RowSecurity> {
  const [row] = await queries.run(rowSecurity);
  if (row === undefined) throw new Error('row-level security cannot be told');
  return { gap: row.gap ?? undefined, bound: row.bound, searchPath: row.search_path };
}

/** The role that a session acts as. */
const actingRole = statement<{ role: string }>('acting_role', 'SELECT current_user AS role');

export async function readActingRole(queries: Queries): Promise<string> {
  const [row] = await queries.run(actingRole);
  return row?.role ?? '';
}
