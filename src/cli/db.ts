import type { Command } from 'commander';
import { parseSettings } from '../contract/settings.ts';
import { openDataFolder } from '../io/data-folder.ts';
import { startEmbeddedPostgres } from '../io/embedded-postgres.ts';
import { createLog } from '../io/log.ts';
import { openDatabase } from '../io/postgres.ts';
import { upgradeSchema } from '../store/migrations.ts';
import { Failure } from './failure.ts';
import type { Surroundings } from './surroundings.ts';

export function addDb(program: Command, { environment, terminal }: Surroundings): void {
  const db = program.command('db').description('look after the database');
  db.command('upgrade')
    .description('bring the schema up to date')
    .option('--json', 'report in JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { databaseUrl, dataFolder } = parseSettings(environment);
      try {
        const applied =
          databaseUrl === undefined
            ? await upgradeEmbedded(dataFolder)
            : await upgrade(databaseUrl);
        if (json) terminal.print(JSON.stringify({ applied }));
        else terminal.print(applied.length === 0 ? 'up to date' : `applied ${applied.join(', ')}`);
      } catch (error) {
        throw new Failure(`the schema was not changed: ${reason(error)}`);
      }
    });
}

async function upgrade(url: string): Promise<string[]> {
  const database = openDatabase({ url, applicationName: 'slotwright db', maxConnections: 1 });
  try {
    return await upgradeSchema(database);
  } finally {
    await database.close();
  }
}

/** Holds the data folder meanwhile, so that no service starts on it. */
async function upgradeEmbedded(dataFolder: string): Promise<string[]> {
  const folder = await openDataFolder(dataFolder);
  try {
    const postgres = await startEmbeddedPostgres({
      dataFolder: folder.path,
      log: createLog('silent', ''),
    });
    try {
      return await upgrade(postgres.url);
    } finally {
      await postgres.stop();
    }
  } finally {
    await folder.lock.release();
  }
}

/** A refused connection to several addresses has no message of its own. */
function reason(error: unknown): string {
  const { message, code } = error as { message: string; code?: unknown };
  return message === '' ? String(code) : message;
}
