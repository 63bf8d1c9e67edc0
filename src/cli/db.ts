import type { Command } from 'commander';
import { parseSettings } from '../contract/settings.ts';
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
      const upgrade = (url: string): Promise<string[]> => withDatabase(url, upgradeSchema);
      try {
        const applied =
          databaseUrl === undefined
            ? await withEmbedded(dataFolder, upgrade)
            : await upgrade(databaseUrl);
        if (json) terminal.print(JSON.stringify({ applied }));
        else terminal.print(applied.length === 0 ? 'up to date' : `applied ${applied.join(', ')}`);
      } catch (error) {
        throw new Failure(`the schema was not changed: ${databaseReason(error)}`);
      }
    });
  addExamples(command, ['DATABASE_URL=postgres://db.example/slotwright slotwright db upgrade']);
}
