import type { TestDatabase } from './database.ts';

/** Lets a test empty or falsify what the product only appends to. Once per database. */
export async function unguardHistory(database: Pick<TestDatabase, 'query'>): Promise<void> {
  const tables = ['appointment_history', 'audit_links', 'audit_entries', 'erased_texts'];
  const ofAll = tables.map((table) => `ALTER TABLE ${table} DISABLE TRIGGER append_only;`);
  await database.query(`${ofAll.join('\n')}
    ALTER TABLE appointment_history DISABLE TRIGGER append_only_but_erasure`);
}
