import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { succeeds } from './packages.js';

const role = 'slotwright_test';

// A role that a person made for the tests, and the one that `start` makes.
const candidates = [
  'postgresql://root@127.0.0.1:5432/postgres',
  `postgresql://${role}:${role}@127.0.0.1:5432/postgres`,
];

export const postgres = {
  name: 'postgres',
  packages: ['postgresql'],

  async find() {
    const { default: pg } = await import('pg');
    for (const connectionString of candidates) {
      const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
      // A server that ends the session while we leave it is no concern of ours.
      client.on('error', () => undefined);
      try {
        await client.connect();
        return connectionString;
      } catch {
        // The next one may do.
      } finally {
        await client.end().catch(() => undefined);
      }
    }
    return undefined;
  },

  async start() {
    const version = installedVersions().at(-1);
    if (version === undefined) return;
    succeeds(['pg_ctlcluster', version, 'main', 'start']);
    const sql = `CREATE ROLE ${role} LOGIN CREATEDB PASSWORD '${role}'`;
    for (let tries = 0; tries < 50; tries += 1) {
      if (succeeds(['psql', '-qc', 'SELECT 1'], { account: 'postgres' })) break;
      await sleep(100);
    }
    succeeds(['psql', '-qc', sql], { account: 'postgres' });
  },
};

function installedVersions() {
  try {
    return readdirSync('/etc/postgresql').sort((a, b) => Number(a) - Number(b));
  } catch {
    return [];
  }
}
