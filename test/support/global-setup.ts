import { randomBytes } from 'node:crypto';
import { dropTemplate } from './database.ts';
import { startTestCluster, type TestCluster } from './test-cluster.ts';

let cluster: TestCluster | undefined;

/** One database server and one template database per run; test files inherit both by name. */
export async function globalSetup(): Promise<void> {
  cluster = await startTestCluster();
  process.env['TEST_DATABASE_URL'] = cluster.url;
  process.env['TEST_RUN_ID'] ??= randomBytes(4).toString('hex');
}

export async function globalTeardown(): Promise<void> {
  await dropTemplate();
  await cluster?.stop();
}
