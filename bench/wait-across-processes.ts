// What waiting for a decision costs one client where api and engine share a process, where they
// meet by the internal port, and where they meet in the database alone. The three run side by side
// in turns, so that whatever else the machine does befalls all of them.
//
//   npm run bench -- wait-across-processes [bookings per kind and round]

import { Client } from '../test/support/client.ts';
import { startCluster, type Cluster, type MemberOptions } from '../test/support/cluster.ts';
import { createBody, putCatalogue } from '../test/support/load.ts';

const rounds = 4;
const each = Number(process.argv[2] ?? 100);
const hoursPerResource = 700;

const edge: MemberOptions = { roles: ['gateway', 'api'] };
const rest: MemberOptions = { roles: ['worker', 'relay'] };
const kinds: Record<string, Record<string, MemberOptions>> = {
  'one process': { api: { roles: ['gateway', 'api', 'engine'] }, rest },
  'internal port': { api: edge, engine: { roles: ['engine'] }, rest },
  'database only': { api: edge, engine: { roles: ['engine'], internalPort: false }, rest },
};

interface Running {
  name: string;
  cluster: Cluster;
  client: Client;
  booked: number;
  ms: number[];
}

async function start(name: string, members: Record<string, MemberOptions>): Promise<Running> {
  const cluster = await startCluster({ members, env: { LOG_LEVEL: 'warn' } });
  const client = new Client({ url: cluster.member('api').url, key: cluster.key });
  const resources = Math.ceil(((rounds + 1) * each) / hoursPerResource);
  await putCatalogue(client, { resources });
  return { name, cluster, client, booked: 0, ms: [] };
}

async function book(running: Running): Promise<void> {
  const index = running.booked++;
  const resource = Math.floor(index / hoursPerResource);
  const body = createBody({ hour: index % hoursPerResource, resource });
  const startedMs = performance.now();
  const { status } = await running.client.create(body, { wait: 10 });
  running.ms.push(performance.now() - startedMs);
  if (status !== 201) throw new Error(`${running.name} answered ${status}`);
}

const all: Running[] = [];
try {
  for (const [name, members] of Object.entries(kinds)) all.push(await start(name, members));
  for (let round = 0; round <= rounds; round += 1) {
    for (const running of all) {
      for (let count = 0; count < each; count += 1) await book(running);
      // The first round warms up.
      if (round === 0) running.ms.length = 0;
    }
  }
  for (const { name, ms } of all) {
    ms.sort((a, b) => a - b);
    const at = (share: number): string => (ms[Math.floor(ms.length * share)] ?? NaN).toFixed(1);
    console.log(`${name.padEnd(14)} p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms`);
  }
} finally {
  for (const { client, cluster } of all) {
    client.close();
    await cluster.close();
  }
}
