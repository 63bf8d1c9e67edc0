// Books a day of an SMPTSP instance (fixed tasks, qualified workers) through HTTP, in the order of
// the file, and counts what was accepted, what was refused and what overlaps. The overlaps are
// counted by SQL that knows nothing of our guard.
//
//   npm run bench -- smptsp [part of an instance's name] [--out DIR]
//
// With --out the two files for `slotwright import` and `slotwright book` are written and no
// service is started.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { command } from './support/command.ts';
import { projectRoot, startService, type Service } from './support/service.ts';
import { convert, loadInstance, type SmptspInstance } from './support/smptsp-instance.ts';

interface BookingSummary {
  accepted: number;
  refused: { total: number; reasons: Record<string, number> };
  failed: unknown[];
  seconds: number;
  latency_ms: { p50: number; p95: number; p99: number } | null;
}

// Every resource here has one lane and no buffers, so two bookings of one may not overlap at all.
const overlaps = `
  WITH held AS (
    SELECT appointment_id, resource_id, tstzrange(start_at, end_at) AS slot FROM appointments
    WHERE state IN ('SCHEDULED', 'CONFIRMED', 'IN_PROGRESS'))
  SELECT (SELECT count(*) FROM held)::int AS held,
    (SELECT count(*) FROM held WHERE resource_id IS NULL)::int AS homeless,
    (SELECT count(*) FROM held AS a JOIN held AS b ON a.resource_id = b.resource_id
      AND a.appointment_id < b.appointment_id AND a.slot && b.slot)::int AS overlaps,
    (SELECT count(*) FROM held JOIN resources USING (resource_id)
      JOIN appointments USING (appointment_id)
      WHERE NOT appointments.service_type = ANY (resources.service_types))::int AS unqualified`;

const { values, positionals } = parseArgs({
  options: { out: { type: 'string' } },
  allowPositionals: true,
});
const shared = process.env['SLOTWRIGHT_SHARED_DATA'] ?? '../shared/data';
const folder = join(resolve(projectRoot, shared), 'smptsp');

if (!existsSync(folder)) {
  console.log(`SKIPPED: no instances at ${folder}; set SLOTWRIGHT_SHARED_DATA`);
} else {
  const instance = loadInstance(folder, positionals[0]);
  const { tasks, qualifications, name } = instance;
  console.log(`${name}: ${tasks.length} tasks, ${qualifications.length} workers`);
  if (values.out === undefined) await run(instance);
  else write(instance, values.out);
}

function write(instance: SmptspInstance, into: string): void {
  const day = 86_400;
  const files = convert(instance, (Math.floor(Date.now() / 1_000 / day) + 7) * day);
  mkdirSync(into, { recursive: true });
  writeFileSync(join(into, 'catalogue.ndjson'), files.catalogue);
  writeFileSync(join(into, 'appointments.ndjson'), files.appointments);
}

async function run(instance: SmptspInstance): Promise<void> {
  const service = await startService();
  const into = mkdtempSync(join(tmpdir(), 'slotwright-smptsp-'));
  try {
    write(instance, into);
    const imported = await command<{ seconds: number }>(service, [
      'import',
      join(into, 'catalogue.ndjson'),
    ]);
    console.log(`imported in ${imported.seconds} s`);
    const booked = await command<BookingSummary>(service, [
      'book',
      join(into, 'appointments.ndjson'),
    ]);
    report(booked);
    await countOverlaps(service);
  } finally {
    await service.stop();
    rmSync(into, { recursive: true, force: true });
  }
}

function report({ accepted, refused, failed, seconds, latency_ms: latency }: BookingSummary): void {
  console.log(`accepted ${accepted}, refused ${refused.total}, failed ${failed.length}`);
  console.log(`refused by reason: ${JSON.stringify(refused.reasons)}`);
  console.log(
    `seconds ${seconds}, ${Math.round((accepted + refused.total) / seconds)} decisions/s`,
  );
  if (latency !== null) console.log(`latency p50 ${latency.p50} ms, p99 ${latency.p99} ms`);
}

async function countOverlaps({ databaseUrl }: Service): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, number>>(overlaps);
    console.log(`by SQL: ${JSON.stringify(rows[0])}`);
    const wrong = (rows[0]?.['overlaps'] ?? 1) + (rows[0]?.['unqualified'] ?? 1);
    if (wrong > 0) process.exitCode = 1;
  } finally {
    await client.end();
  }
}
