/**
 * One process of the service. What its roles share is opened in the order of need and closed in
 * reverse, whether the start fails half-way or the process is told to stop.
 */
import { parseArgs } from 'node:util';
import { parseSettings, SettingsError, type Settings } from './contract/settings.ts';
import { BusError } from './io/bus/bus.ts';
import { systemClock } from './io/clock.ts';
import { DataFolderError, FolderInUseError, openDataFolder } from './io/data-folder.ts';
import { EmbeddedPostgresError } from './io/embedded-postgres.ts';
import { environment } from './io/environment.ts';
import { unknownFailpoint } from './io/failpoints.ts';
import { createLog, type Log } from './io/log.ts';
import { watchParent } from './io/parent-watch.ts';
import { isUnavailable } from './io/postgres.ts';
import { operatingProcess } from './io/process.ts';
import { systemRandom } from './io/random.ts';
import { terminal } from './io/terminal.ts';
import { announcement } from './main/announcement.ts';
import { Closers } from './main/closers.ts';
import { openDatabases } from './main/databases.ts';
import { ensureApiKey } from './main/ensure-api-key.ts';
import { loadExample } from './main/load-example.ts';
import { release } from './main/release.ts';
import { startRoles } from './main/roles.ts';
import { SchemaError, UnreachableDatabaseError } from './main/settle-schema.ts';
import { openSharedParts } from './main/shared-parts.ts';

/** Everything must be closed within this time, or the process ends all the same. */
const stopLimitMs = 25_000;

/** `slotwright start [--roles …]`: serves until told to stop; answers the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  let settings: Settings;
  try {
    settings = readSettings(args);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    terminal.complain(`slotwright: ${error.message}`);
    return 2;
  }
  const log = createLog(settings.logLevel, release);
  const closers = new Closers(log);
  const told = untilTold(log);
  try {
    const { failed } = await start(settings, { log, closers });
    await Promise.race([told, failed.then((error) => Promise.reject(error))]);
    return 0;
  } catch (error) {
    terminal.complain(`slotwright: ${oneLine(error)}`);
    if (!isExpected(error)) log.error({ err: error }, 'the service stops');
    return 1;
  } finally {
    const overdue = new AbortController();
    void endWhenOverdue(log, overdue.signal);
    await closers.closeAll();
    overdue.abort();
    log.info({}, 'stopped');
  }
}

/** Opens everything and starts the roles. `failed` resolves should the database die for good. */
async function start(
  settings: Settings,
  { log, closers }: { log: Log; closers: Closers },
): Promise<{ failed: Promise<Error> }> {
  const folder = await openDataFolder(settings.dataFolder);
  closers.add('data folder', () => folder.lock.release());
  const databases = await openDatabases(settings, folder, log);
  closers.add('databases', databases.close);
  if (databases.embedded && settings.loadExample) await loadExample(databases.general);
  const shared = await openSharedParts(settings, { databases, log, closers });
  const newKey = await ensureApiKey(databases.general, {
    settings,
    dataFolder: folder.path,
    random: systemRandom,
    epoch: shared.epoch,
  });
  const roles = await startRoles(settings, { ...shared, closers });
  // From here on a newcomer to the folder waits for us as soon as we are told to stop.
  closers.add('folder mark', () => Promise.resolve(folder.lock.markStopping()));
  if (roles.url !== undefined) {
    const keyIsSet = settings.apiKey !== undefined;
    const facts = { ...roles, url: roles.url, newKey, keyIsSet, embedded: databases.embedded };
    const now = systemClock.nowSeconds();
    terminal.complain(
      announcement({ ...facts, dataFolder: folder.path, now, random: systemRandom }),
    );
  }
  log.info({ roles: settings.roles, url: roles.url }, 'started');
  return { failed: databases.failed };
}

function readSettings(args: readonly string[]): Settings {
  const { SLOTWRIGHT_ROLES, ...rest } = environment();
  let roles = SLOTWRIGHT_ROLES;
  try {
    const { values } = parseArgs({
      args: args.slice(1),
      options: { roles: { type: 'string' } },
      strict: true,
    });
    roles = values.roles ?? roles;
  } catch (error) {
    throw new SettingsError(oneLine(error));
  }
  const settings = parseSettings({ ...rest, SLOTWRIGHT_ROLES: roles });
  const unknown = unknownFailpoint(settings.failpoints);
  if (unknown !== undefined) {
    throw new SettingsError(`FAILPOINTS names "${unknown}", and there is no such crash point`);
  }
  return settings;
}

function untilTold(log: Log): Promise<void> {
  return new Promise((resolve, reject) => {
    operatingProcess.onStopSignal((signal) => {
      log.info({ signal }, 'told to stop');
      resolve();
    });
    watchParent(() => {
      log.info({}, 'the process that started this one is gone');
      resolve();
    });
    operatingProcess.onUncaught((error) => {
      reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
}

async function endWhenOverdue(log: Log, signal: AbortSignal): Promise<void> {
  await systemClock.sleep(stopLimitMs, signal);
  if (signal.aborted) return;
  log.error({}, 'not stopped in time');
  operatingProcess.exit(1);
}

// One line says it all: where in our code they surfaced helps nobody.
const expectedErrors = [
  BusError,
  DataFolderError,
  FolderInUseError,
  EmbeddedPostgresError,
  SchemaError,
  UnreachableDatabaseError,
];

function isExpected(error: unknown): boolean {
  return expectedErrors.some((kind) => error instanceof kind) || isUnavailable(error);
}

function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (
    (message === '' ? String((error as { code?: unknown }).code) : message).split('\n')[0] ?? ''
  );
}
