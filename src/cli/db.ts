import type { Command } from 'commander';
import { parseSettings } from '../contract/settings.ts';
import type { Database } from '../io/postgres.ts';
import { readRowSecurity } from '../store/row-security.ts';
import { upgradeSchema } from '../store/schema.ts';
import { addExamples } from './examples.ts';
import { Failure } from './failure.ts';
import { databaseReason, withDatabase, withEmbedded } from './service-database.ts';
import type { Surroundings } from './surroundings.ts';

export function addDb(program: Command, { environment, terminal }: Surroundings): void {
  const db = program.command('db').description('Look after the database.');
  const command = db
    .command('upgrade')
    .description('Bring the schema up to date. The embedded database must not be in use.')
    .option('--json', 'report in JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { databaseUrl, dataFolder } = parseSettings(environment);
      const upgrade = (url: string): Promise<Upgraded> => withDatabase(url, upgraded);
      try {
        const { applied, gap } =
          databaseUrl === undefined
            ? await withEmbedded(dataFolder, upgrade)
            : await upgrade(databaseUrl);
        if (json) {
          terminal.print(JSON.stringify({ applied, row_security_gap: gap }));
          return;
        }
        terminal.print(applied.length === 0 ? 'up to date' : `applied ${applied.join(', ')}`);
        terminal.print(`row-level security is ${gap === null ? 'on' : `off: ${gap}`}`);
      } catch (error) {
        throw new Failure(`the schema was not changed: ${databaseReason(error)}`);
      }
    });
  addExamples(command, ['DATABASE_URL=postgres://db.example/slotwright slotwright db upgrade']);
}

interface Upgraded {
  applied: string[];
  /** Why row-level security is off; null: it is on. */
  gap: string | null;
}

async function upgraded(database: Database): Promise<Upgraded> {
  const applied = await upgradeSchema(database);
  return { applied, gap: (await readRowSecurity(database)).gap ?? null };
}
