import { readFile, readdir } from 'node:fs/promises';
import { createHash } from 'node:crypto';

export interface MigrationFile {
  version: number;
  name: string;
  sql: string;
  checksum: string;
}

const folder = new URL('../../migrations/', import.meta.url);

/** The migrations of this release, `NNNN_name.sql`, in order. */
export async function migrationFiles(): Promise<MigrationFile[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_.*\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, folder), 'utf8');
      const checksum = createHash('sha256').update(sql).digest('hex');
      return { version: Number(name.slice(0, 4)), name: name.replace(/\.sql$/, ''), sql, checksum };
    }),
  );
}
