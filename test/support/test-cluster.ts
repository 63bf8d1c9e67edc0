import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestCluster {
  /** A URL whose user may create databases; names the maintenance database. */
  url: string;
  stop(): Promise<void>;
}

interface Embedded {
  url: string;
  stop(): Promise<void>;
}
type StartEmbedded = (options: { dataFolder: string; log: unknown }) => Promise<Embedded>;

const embeddedModule = new URL('../../src/io/embedded-postgres.ts', import.meta.url);
const localServer = 'postgres://root@127.0.0.1:5432/postgres';
const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

/**
 * The PostgreSQL that tests run on: the one of TEST_DATABASE_URL, else an embedded cluster of this
 * run's own in a temporary folder, with fsync on, because crash tests rely on it.
 */
export async function startTestCluster(): Promise<TestCluster> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') return { url: given, stop: () => Promise.resolve() };
  if (!existsSync(embeddedModule)) return { url: localServer, stop: () => Promise.resolve() };
  const { startEmbeddedPostgres } = (await import(embeddedModule.href)) as {
    startEmbeddedPostgres: StartEmbedded;
  };
  const dataFolder = await mkdtemp(join(tmpdir(), 'slotwright-tests-'));
  try {
    const cluster = await startEmbeddedPostgres({ dataFolder, log: silent });
    return {
      url: cluster.url,
      stop: async () => {
        await cluster.stop();
        await rm(dataFolder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(dataFolder, { recursive: true, force: true });
    throw error;
  }
}
