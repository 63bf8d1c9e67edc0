import type { TestDatabase } from './database.ts';

interface Column {
  table: string;
  column: string;
  type: string;
}

// Whatever can hold text, in any table of ours: also those that nobody thought of.
const columns = `SELECT c.table_name AS table, c.column_name AS column, c.data_type AS type
  FROM information_schema.columns c JOIN information_schema.tables t
    USING (table_schema, table_name)
  WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
    AND c.data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY', 'bytea')`;

/** The places in which a text stands, as `table.column`, in order. */
export async function textsHolding(database: TestDatabase, text: string): Promise<string[]> {
  const found = new Set<string>();
  for (const { table, column, type } of await database.query<Column>(columns)) {
    const shown = type === 'bytea' ? `encode("${column}", 'escape')` : `"${column}"::text`;
    const rows = await database.query(
      `SELECT FROM ${table} WHERE strpos(${shown}, $1) > 0 LIMIT 1`,
      [text],
    );
    if (rows.length > 0) found.add(`${table}.${column}`);
  }
  return [...found].sort();
}
