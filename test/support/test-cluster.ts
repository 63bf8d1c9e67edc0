import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/io/embedded-postgres.ts';
import { createLog } from '../../src/io/log.ts';

export interface TestCluster {
  /** A URL whose user may create databases; names the maintenance database. */
  url: string;
  stop(): Promise<void>;
}

/**
 * The PostgreSQL that tests run on: the one of TEST_DATABASE_URL, else an embedded cluster of this
 * run's own in a temporary folder, with fsync on, because crash tests rely on it.
 */
export async function startTestCluster(): Promise<TestCluster> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') return { url: given, stop: () => Promise.resolve() };
  const dataFolder = await mkdtemp(join(tmpdir(), 'slotwright-tests-'));
  try {
    const log = createLog('silent', 'tests');
    const cluster = await startEmbeddedPostgres({ dataFolder, log });
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
