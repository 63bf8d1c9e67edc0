import { openDataFolder } from '../../src/io/data-folder.ts';
import { startEmbeddedPostgres } from '../../src/io/embedded-postgres.ts';
import { createLog } from '../../src/io/log.ts';

// A program: holds the data folder of its first argument, and with `database` as the second runs
// the embedded PostgreSQL in it, until it is killed.
const [folder = '', what] = process.argv.slice(2);
const { path } = await openDataFolder(folder);
process.stdout.write('holds\n');
if (what === 'database') {
  await startEmbeddedPostgres({ dataFolder: path, log: createLog('silent', 'test') });
  process.stdout.write('serves\n');
}
setInterval(() => undefined, 60_000);
