// The path that every booking takes, driven from a process of its own: how many are acknowledged
// (202) and how many SCHEDULED per second, what one costs in CPU, and what share that is of the
// same HTTP server without a database, measured in turn in the same run.
//
//   npm run bench -- hot-path [--seconds N]
//
// A booking counts when its SCHEDULED commit is durable; the rate is over the time from the first
// request to the last decision. CPU is taken until the saga's and the outbox's tails have drained.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startBareServer, startLoadGenerator } from './support/children.ts';
import type { BareServer, LoadGenerator } from './support/children.ts';
import { command } from './support/command.ts';
import { familyCpuSeconds, processCpuSeconds } from './support/cpu.ts';
import { Ledger } from './support/ledger.ts';
import type { LoadReport } from './support/load.ts';
import { startService, type Service } from './support/service.ts';

const RESOURCES = 100;
const DRAIN_SECONDS = 60;
const MANY = 64;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '6' } } });
const seconds = Number(values.seconds);

interface Parts {
  service: Service;
  bare: BareServer;
  load: LoadGenerator;
  ledger: Ledger;
  postmaster: number;
}

interface Measured {
  acknowledgedPerSecond: number;
  scheduledPerSecond: number;
  drainSeconds: number;
  p50Ms: number;
  p99Ms: number;
  /** Microseconds per booking. */
  nodeCpuUs: number;
  postgresCpuUs: number;
}

// A Monday far enough ahead; each order takes up where the one before it ended.
let nextSlotSeconds = Math.ceil(Date.now() / 604_800_000) * 604_800 + 4 * 86_400;

async function measureService(
  { service, load, ledger, postmaster }: Parts,
  shape: { connections: number; waitSeconds: number },
): Promise<Measured> {
  const before = {
    mark: await ledger.mark(),
    node: processCpuSeconds(service.pid),
    postgres: familyCpuSeconds(postmaster),
  };
  const order = { ...shape, seconds, url: service.url, key: service.key };
  const report = await load.run({ ...order, firstSlotSeconds: nextSlotSeconds });
  nextSlotSeconds = report.nextSlotSeconds;
  const drainSeconds = await ledger.drained(DRAIN_SECONDS);
  const nodeSeconds = processCpuSeconds(service.pid) - before.node;
  const postgresSeconds = familyCpuSeconds(postmaster) - before.postgres;
  const { scheduled, refused, decidedSeconds } = await ledger.bookedSince(before.mark);
  if (report.failure !== null || refused > 0) {
    console.log(`  not all well: ${refused} refused; ${report.failure ?? ''}`.slice(0, 400));
  }
  return {
    ...rates(report),
    scheduledPerSecond: scheduled / Math.max(decidedSeconds, report.seconds),
    drainSeconds,
    nodeCpuUs: (nodeSeconds / scheduled) * 1e6,
    postgresCpuUs: (postgresSeconds / scheduled) * 1e6,
  };
}

async function measureBare({ bare, load }: Parts, connections: number): Promise<Measured> {
  const before = processCpuSeconds(bare.pid);
  const order = { connections, seconds, waitSeconds: 0, url: bare.url, key: 'x'.repeat(16) };
  const report = await load.run({ ...order, firstSlotSeconds: nextSlotSeconds });
  const cpuSeconds = processCpuSeconds(bare.pid) - before;
  const measured = rates(report);
  return {
    ...measured,
    scheduledPerSecond: NaN,
    drainSeconds: NaN,
    nodeCpuUs: (cpuSeconds / (measured.acknowledgedPerSecond * report.seconds)) * 1e6,
    postgresCpuUs: 0,
  };
}

function rates({ statuses, seconds: took, p50Ms, p99Ms }: LoadReport) {
  const acknowledged = (statuses['202'] ?? 0) + (statuses['201'] ?? 0);
  return { acknowledgedPerSecond: acknowledged / took, p50Ms, p99Ms };
}

function show(label: string, measured: Measured): Measured {
  const { acknowledgedPerSecond, scheduledPerSecond, p50Ms, p99Ms } = measured;
  const { nodeCpuUs, postgresCpuUs, drainSeconds } = measured;
  const parts = [
    `answered ${acknowledgedPerSecond.toFixed(0)}/s`,
    ...(Number.isNaN(scheduledPerSecond) ? [] : [`SCHEDULED ${scheduledPerSecond.toFixed(0)}/s`]),
    `p50 ${p50Ms.toFixed(2)} ms`,
    `p99 ${p99Ms.toFixed(2)} ms`,
    `CPU ${nodeCpuUs.toFixed(0)} + ${postgresCpuUs.toFixed(0)} us`,
    ...(Number.isNaN(drainSeconds) ? [] : [`drained in ${drainSeconds.toFixed(1)} s`]),
  ];
  console.log(`${label.padEnd(28)} ${parts.join(' · ')}`);
  return measured;
}

function catalogue(): object {
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  return {
    service_types: [{ code: 'consultation', name: 'Consultation' }],
    locations: [{ id: 'hall', name: 'Hall', time_zone: 'Etc/UTC' }],
    resources: Array.from({ length: RESOURCES }, (_, index) => ({
      id: `desk-${index}`,
      name: `Desk ${index}`,
      service_types: ['consultation'],
      locations: ['hall'],
      time_zone: 'Etc/UTC',
      working_hours: [{ days, start: '00:00', end: '24:00' }],
    })),
  };
}

async function importCatalogue(service: Service): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'slotwright-hot-path-'));
  try {
    const file = join(folder, 'catalogue.json');
    writeFileSync(file, JSON.stringify(catalogue()));
    await command(service, ['import', file]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureAll(parts: Parts): Promise<void> {
  const ours = (connections: number, waitSeconds: number): Promise<Measured> =>
    measureService(parts, { connections, waitSeconds });
  console.log(`${RESOURCES} resources, ${seconds} s per line; CPU per booking: Node + Postgres`);
  show('warm-up', await ours(MANY, 0));
  await measureBare(parts, MANY);
  const a1 = show(`${MANY} connections, 202`, await ours(MANY, 0));
  const b1 = show(`${MANY} connections, no database`, await measureBare(parts, MANY));
  const a2 = show(`${MANY} connections, 202`, await ours(MANY, 0));
  const b2 = show(`${MANY} connections, no database`, await measureBare(parts, MANY));
  show(`${MANY} connections, wait`, await ours(MANY, 10));
  const one = show('1 connection, 202', await ours(1, 0));
  show('1 connection, wait', await ours(1, 10));
  const bareOne = show('1 connection, no database', await measureBare(parts, 1));
  const share = (of: (measured: Measured) => number): string =>
    ((of(a1) + of(a2)) / (of(b1) + of(b2))).toFixed(2);
  console.log(`share of the bare server: ${share((m) => m.acknowledgedPerSecond)} acknowledged`);
  const scheduled = a1.scheduledPerSecond + a2.scheduledPerSecond;
  const bare = b1.acknowledgedPerSecond + b2.acknowledgedPerSecond;
  console.log(`share of the bare server: ${(scheduled / bare).toFixed(2)} SCHEDULED`);
  console.log(`CPU: ${share((m) => m.nodeCpuUs + m.postgresCpuUs)} x the bare server's`);
  console.log(
    `p50 with one connection: ${(one.p50Ms / bareOne.p50Ms).toFixed(2)} x the bare one's`,
  );
}

const service = await startService();
const bare = await startBareServer();
const load = startLoadGenerator();
try {
  const ledger = await Ledger.open(service.databaseUrl);
  try {
    await importCatalogue(service);
    await measureAll({ service, bare, load, ledger, postmaster: await ledger.postmasterPid() });
  } finally {
    await ledger.close();
  }
} finally {
  await load.stop();
  await bare.stop();
  await service.stop();
}
