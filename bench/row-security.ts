// What row-level security costs: reading an appointment by HTTP as the reader and as the owner of
// the tables, and booking under the writer's role and under a login that has no roles, whose
// database is without policies; in turn, round after round, on one database server.
//
//   npm run bench -- row-security [--seconds N] [--rounds N]
//
// CPU is that of our process and of the database server, per request answered and per booking.

import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { openDatabase } from '../src/io/postgres.ts';
import { netRoles } from '../src/store/row-security.ts';
import { upgradeSchema } from '../src/store/schema.ts';
import { startLoadGenerator, startReadGenerator, startServer } from './support/children.ts';
import { AcceptCost } from './support/accept-cost.ts';
import { familyCpuSeconds, processCpuSeconds } from './support/cpu.ts';
import { importDesks } from './support/desks.ts';
import { Ledger } from './support/ledger.ts';
import { Meter, type Contender } from './support/measure.ts';
import { median, ratio } from './support/series.ts';
import { startService } from './support/service.ts';
import { onStage, type Stage } from './support/stage.ts';

const DESKS = { count: 100, capacity: 1 };
const READERS = 16;
const BOOKERS = 64;
const WARM_UP_SECONDS = 2;
const TARGET = 1.03;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '5' },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

/** CPU microseconds. */
interface Cost {
  node: number;
  postgres: number;
}
type Costs = Record<'net' | 'bare', Cost[]>;

async function inTurn(name: string, measure: Record<'net' | 'bare', () => Promise<Cost>>) {
  const costs: Costs = { net: [], bare: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const way of ['bare', 'net'] as const) costs[way].push(await measure[way]());
  }
  show(`${name}: Postgres`, costs, ({ postgres }) => postgres);
  if (costs.net.every(({ node }) => node === 0)) return;
  show(`${name}: Node`, costs, ({ node }) => node);
  show(`${name}: both`, costs, ({ node, postgres }) => node + postgres);
}

function show(name: string, costs: Costs, of: (cost: Cost) => number): void {
  const ours = costs.net.map(of);
  const theirs = costs.bare.map(of);
  const us = (series: number[]): string => median(series).toFixed(1).padStart(6);
  console.log(
    `${name.padEnd(30)} ${us(theirs)} us without, ${us(ours)} us with: ${ratio({ ours, theirs })}`,
  );
}

async function measureReads({ postmaster, closing }: Stage, url: string): Promise<void> {
  const id = await plantAppointment(url);
  const load = startReadGenerator();
  closing(() => load.stop());
  const reader = async (way: 'net' | 'bare') => {
    const server = await startServer('read-server.ts', [url, way]);
    closing(() => server.stop());
    return async (forSeconds = seconds): Promise<Cost> => {
      const before = [processCpuSeconds(server.pid), familyCpuSeconds(postmaster)] as const;
      const { answered, failure } = await load.run({
        ...{ url: server.url, path: `/v1/appointments/${id}`, connections: READERS },
        ...{ authorization: `Bearer ${'k'.repeat(51)}`, seconds: forSeconds },
      });
      if (failure !== null) throw new Error(`${way}: ${failure}`);
      const each = (after: number, at: number): number => ((after - at) / answered) * 1e6;
      return {
        node: each(processCpuSeconds(server.pid), before[0]),
        postgres: each(familyCpuSeconds(postmaster), before[1]),
      };
    };
  };
  const [bare, net] = [await reader('bare'), await reader('net')];
  for (const warmUp of [bare, net]) await warmUp(WARM_UP_SECONDS);
  await inTurn('a read', { bare, net });
}

/** A service would mend what is planted. */
async function databaseWithoutService(serverUrl: string): Promise<string> {
  const url = await createDatabase(serverUrl, { name: 'bench_alone', login: 'slotwright' });
  const database = openDatabase({ url, applicationName: 'bench', maxConnections: 1 });
  await upgradeSchema(database);
  await database.close();
  return url;
}

async function createDatabase(
  serverUrl: string,
  { name, login }: { name: string; login: string },
): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  if (login !== 'slotwright') {
    await client.query(`CREATE ROLE ${login} LOGIN`);
    await client.query(`GRANT ${login} TO CURRENT_USER`);
  }
  await client.query(`CREATE DATABASE ${name} OWNER ${login}`);
  await client.end();
  const url = new URL(serverUrl);
  url.username = login;
  url.pathname = `/${name}`;
  return url.href;
}

/** In a database as large as one of some use, so that plans are those of one. */
async function plantAppointment(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO appointments (tenant_id, appointment_id, version, state, customer_id, start_at,
        end_at, service_type, region, created_at, updated_at)
      SELECT 'default', gen_random_uuid(), 1, 'CANCELLED', gen_random_uuid(), at,
        at + interval '1 hour', 'consultation', 'default', now(), now()
      FROM (SELECT now() - make_interval(hours => n) AS at FROM generate_series(2, 50000) n) past
      RETURNING appointment_id AS id`,
    );
    await client.query('ANALYZE appointments');
    return rows[0]?.id ?? '';
  } finally {
    await client.end();
  }
}

async function measureAccepts(url: string): Promise<void> {
  const accepts = {
    bare: new AcceptCost(url, undefined),
    net: new AcceptCost(url, netRoles.writer),
  };
  const measure = async (way: 'net' | 'bare', forSeconds = seconds): Promise<Cost> => ({
    node: 0,
    postgres: await accepts[way].measure(forSeconds),
  });
  try {
    for (const way of ['bare', 'net'] as const) await measure(way, WARM_UP_SECONDS);
    await inTurn('accepting, a booking', {
      bare: () => measure('bare'),
      net: () => measure('net'),
    });
  } finally {
    await Promise.all([accepts.bare.close(), accepts.net.close()]);
  }
}

async function measureBookings(stage: Stage): Promise<void> {
  const { ours, postmaster, closing } = stage;
  const load = startLoadGenerator();
  closing(() => load.stop());
  const meter = new Meter({ load, postmaster });
  const contenders: Record<'net' | 'bare', Contender> = {
    net: ours,
    bare: await serviceWithoutRoles(stage),
  };
  const booking = (way: 'net' | 'bare') => async () => {
    const shape = { connections: BOOKERS, seconds, waitSeconds: 0 };
    const { nodeCpuUs, postgresCpuUs, remark } = await meter.measure(contenders[way], shape);
    if (remark !== undefined) console.log(`${way}: ${remark}`);
    return { node: nodeCpuUs, postgres: postgresCpuUs };
  };
  const measure = { bare: booking('bare'), net: booking('net') };
  for (const warmUp of [measure.bare, measure.net]) await warmUp();
  await inTurn('a booking', measure);
}

/** A service of its own on the same server, whose login may neither make roles nor act as ours. */
async function serviceWithoutRoles({ ours, closing }: Stage): Promise<Contender> {
  const name = 'bench_without_roles';
  const url = await createDatabase(ours.databaseUrl, { name, login: name });
  const service = await startService({ DATABASE_URL: url, AUTO_MIGRATE: '1' });
  closing(() => service.stop());
  await importDesks(service, DESKS);
  const ledger = await Ledger.open(url);
  closing(() => ledger.close());
  return { ...service, ledger, hasTail: true };
}

const loads = loadavg().map((load) => load.toFixed(2));
console.log(`${seconds} s per line, ${rounds} rounds; medians (and ratios of each round).
Load average at the start: ${loads.join(' ')}\n`);
await onStage(DESKS, async (stage) => {
  const url = await databaseWithoutService(stage.ours.databaseUrl);
  await measureAccepts(url);
  await measureReads(stage, url);
  await measureBookings(stage);
  console.log(`\nthe aim is at most ${TARGET} x for a booking`);
});
