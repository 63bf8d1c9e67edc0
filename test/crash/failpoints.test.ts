import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitQuiet } from '../support/checker/await-quiet.ts';
import { checkAll } from '../support/checker/check-all.ts';
import { Ledger } from '../support/checker/ledger.ts';
import { describeViolations } from '../support/checker/violation.ts';
import { Client } from '../support/client.ts';
import { freshDatabase } from '../support/database.ts';
import { createBody, putCatalogue, runLoad } from '../support/load.ts';
import { startService, type Service } from '../support/service.ts';

// RUNS=10 measures; one run of each point holds the line on every change.
const runs = Number(process.env['RUNS'] ?? 1);
const points = [
  'api.after-commit-before-reply',
  'engine.after-decide-before-commit',
  'relay.after-publish-before-confirm',
];
const load = { clients: 16, callsEach: 25, resources: 4, hours: 60 };

for (const point of points) {
  test(`a kill at ${point} under load loses nothing and doubles nothing`, async (t) => {
    const recoveriesMs: number[] = [];
    for (let run = 0; run < runs; run++) {
      const { recoveryMs, requests, unanswered } = await crashOnce(point, run);
      recoveriesMs.push(recoveryMs);
      t.diagnostic(
        `run ${run + 1}: ${requests} requests, ${unanswered} unanswered, ` +
          `recovered in ${Math.round(recoveryMs)} ms`,
      );
    }
    recoveriesMs.sort((a, b) => a - b);
    const median = recoveriesMs[Math.floor(recoveriesMs.length / 2)] ?? 0;
    const worst = recoveriesMs.at(-1) ?? 0;
    t.diagnostic(`recovery median ${Math.round(median)} ms, worst ${Math.round(worst)} ms`);
  });
}

interface CrashReport {
  /** From the death to the first new booking decided, the start of the process included. */
  recoveryMs: number;
  requests: number;
  unanswered: number;
}

/** A database of its own for `run`, so that no crash meets what another has left. */
async function crashOnce(point: string, run: number): Promise<CrashReport> {
  const database = await freshDatabase();
  try {
    return await crashOn(database.url, point, run);
  } finally {
    await database.drop();
  }
}

/** One service killed at the point under load, started again, and held against the guarantees. */
async function crashOn(databaseUrl: string, point: string, run: number): Promise<CrashReport> {
  const ledger = new Ledger();
  const service = await startService({ databaseUrl });
  const client = new Client({ url: service.url, key: service.key, ledger });
  try {
    await putCatalogue(client, { resources: load.resources, bufferAfterMinutes: 10 });
    await service.kill('SIGTERM');
    // Later hits meet more work in flight.
    await service.restart({ FAILPOINTS: `${point}=crash@${3 + run * 4}` });
    const loaded = runLoad({ client, seed: run + 1, ...load });
    const [recoveryMs] = await Promise.all([restartWhenDead({ service, client, point }), loaded]);
    await awaitQuiet(databaseUrl, 60_000);
    const violations = await checkAll({ databaseUrl, ledger });
    assert.ok(violations.length === 0, describeViolations(violations));
    const unanswered = ledger.entries.filter(({ answer }) => answer === undefined).length;
    return { recoveryMs, requests: ledger.entries.length, unanswered };
  } finally {
    client.close();
    await service.close();
  }
}

interface Watched {
  service: Service;
  client: Client;
  point: string;
}

async function restartWhenDead({ service, client, point }: Watched): Promise<number> {
  const died = await Promise.race([service.ended().then(() => true), neverHit(service)]);
  const deadAt = performance.now();
  const hit = service.logs().includes(`failpoint ${point} reached: crash`);
  assert.ok(died && hit, `${point} was never hit:\n${service.logs().slice(-4_000)}`);
  await service.restart({ FAILPOINTS: '' });
  const hour = load.hours + 24;
  const booked = await client.create(createBody({ hour }), { wait: 30 });
  assert.equal(booked.status, 201, JSON.stringify(booked));
  return performance.now() - deadAt;
}

/** False once the service has lived for longer than the load can last. */
function neverHit(service: Service): Promise<false> {
  const limitMs = 60_000;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), limitMs);
    void service.ended().then(() => clearTimeout(timer));
  });
}
