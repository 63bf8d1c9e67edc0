import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { outboxShard } from '../../src/domain/appointment.ts';
import type { Finding } from '../../src/cli/audit-chain.ts';
import { linkAll, plantHistory } from '../support/audited-history.ts';
import { file, run } from '../support/command.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { unguardHistory } from '../support/unguard-history.ts';

let db: TestDatabase;
let guarded: TestDatabase;
before(async () => {
  db = await freshDatabase();
  guarded = await freshDatabase();
  await unguardHistory(db);
});
after(async () => {
  await db.drop();
  await guarded.drop();
});
beforeEach(async () => {
  await db.query(`TRUNCATE appointments, appointment_history, event_log, outbox, audit_links,
    audit_entries, audit_unlinked, audit_salts, erased_texts;
    UPDATE outbox_shards SET last_position = 0;
    UPDATE consumer_cursors SET position = 0`);
});

interface Report {
  links: number;
  entries: number;
  waiting: number;
  findings: Finding[];
}

async function verify(...options: string[]): Promise<Report & { status: number; err: string }> {
  const args = ['audit', 'verify', '--json', ...options];
  const { status, out, err } = await run(args, { DATABASE_URL: db.url });
  return { ...(JSON.parse(out) as Report), status, err };
}

const entry = `INSERT INTO audit_entries (tenant_id, actor, action, subject)
  VALUES ('default', 'key:1', 'put-tenant', 'default') RETURNING entry_id AS id`;

async function addEntry(): Promise<string> {
  const [row] = await db.query<{ id: string }>(entry);
  return row!.id;
}

/** Falsifies what is linked; answers what is found wrong then, and demands that it is found. */
async function tampered(sql: string, values: unknown[] = []): Promise<Finding[]> {
  await linkAll(db);
  assert.deepEqual((await verify()).findings, []);
  await db.query(sql, values);
  const { status, findings } = await verify();
  assert.equal(status, 1);
  return findings;
}

const brief = ({ id, version, problem }: Finding) => ({ id, version, problem });

const changed = 'it was changed after it was linked';
const missing = 'it is missing';
const unlinked = /^no link covers it and nothing announces it/;
const of = 'WHERE appointment_id = $1 AND version = ';

test('whatever was written is linked once, and verified', async () => {
  for (let n = 0; n < 20; n += 1) await plantHistory(db, { location: 'at home', reason: 'ill' });
  await addEntry();
  assert.equal(await linkAll(db), 61);
  assert.equal(await linkAll(db), 0);
  const { status, entries, waiting, findings } = await verify();
  assert.deepEqual(
    { status, entries, waiting, findings },
    {
      ...{ status: 0, entries: 61, waiting: 0, findings: [] },
    },
  );
});

test('bounded batches make one chain', async () => {
  const ids = [await plantHistory(db), await plantHistory(db)];
  for (let linked = 1; linked > 0;) linked = await linkAll(db, 2);
  const { status, entries, links } = await verify();
  assert.deepEqual({ status, entries }, { status: 0, entries: 6 });
  assert.ok(links > new Set(ids.map(outboxShard)).size);
});

test('what is not linked yet is told with its age, and is nothing wrong', async () => {
  const id = await plantHistory(db);
  await addEntry();
  // One whose event waits for the relay, two behind the chain's place in the log.
  await db.query(
    `DELETE FROM event_log WHERE version = 3;
    INSERT INTO outbox (shard, tenant_id, appointment_id, version, type, event, actor)
    VALUES (${outboxShard(id)}, 'default', '${id}', 3, 'appointment.updated.v1', '{}', 'key:1')`,
  );
  const { status, out } = await run(['audit', 'verify'], { DATABASE_URL: db.url });
  assert.equal(status, 0);
  assert.match(out, /4 not linked yet, the oldest for \d+ s/);
});

test('a changed actor is named', async () => {
  const id = await plantHistory(db);
  const sql = `UPDATE appointment_history SET actor = 'key:2' ${of} 2`;
  assert.deepEqual((await tampered(sql, [id])).map(brief), [{ id, version: 2, problem: changed }]);
});

test('a changed reason and a changed location are named, though they are text', async () => {
  const id = await plantHistory(db, { location: 'at home', reason: 'ill' });
  const sql = `UPDATE appointment_history SET reason = 'well', location = 'away' ${of} 3`;
  assert.deepEqual((await tampered(sql, [id])).map(brief), [{ id, version: 3, problem: changed }]);
});

test('text that was taken out past the erasure is named', async () => {
  const id = await plantHistory(db, { reason: 'ill' });
  const sql = `WITH salts AS (DELETE FROM audit_salts)
    UPDATE appointment_history SET reason = 'erased' ${of} 3`;
  assert.deepEqual((await tampered(sql, [id])).map(brief), [{ id, version: 3, problem: changed }]);
});

for (const version of [2, 3]) {
  test(`a deleted version is named: ${version} of 3`, async () => {
    const id = await plantHistory(db);
    const found = await tampered(`DELETE FROM appointment_history ${of} ${version}`, [id]);
    assert.deepEqual(found.map(brief), [{ id, version, problem: missing }]);
  });
}

test('two versions that were swapped are both named', async () => {
  const id = await plantHistory(db);
  const found = await tampered(
    `WITH swapped AS (DELETE FROM appointment_history WHERE appointment_id = $1 AND version < 3
      RETURNING *)
    INSERT INTO appointment_history (tenant_id, appointment_id, version, from_state, to_state,
      cause, start_at, end_at, actor, at)
    SELECT tenant_id, appointment_id, version + 100, from_state, to_state, cause, start_at, end_at,
      actor, at FROM swapped;`,
    [id],
  ).then(async () => {
    await db.query(
      `UPDATE appointment_history SET version = CASE version WHEN 101 THEN 2 ELSE 1 END
      WHERE appointment_id = $1 AND version > 100`,
      [id],
    );
    return (await verify()).findings;
  });
  assert.deepEqual(found.map(brief), [
    { id, version: 1, problem: changed },
    { id, version: 2, problem: changed },
  ]);
});

test('an inserted version is named: no event ever told of it', async () => {
  const id = await plantHistory(db);
  const found = await tampered(
    `INSERT INTO appointment_history SELECT tenant_id, appointment_id, 4, 'CANCELLED', 'COMPLETED',
      'complete', reason, start_at, end_at, location, resource_id, lane_id, busy_start_at,
      busy_end_at, region, position, actor, request_id, command_id, traceparent, at
    FROM appointment_history ${of} 3`,
    [id],
  );
  assert.deepEqual(
    found.map(({ id, version }) => ({ id, version })),
    [{ id, version: 4 }],
  );
  assert.match(found[0]!.problem, unlinked);
});

test('admin entries that were changed, deleted or inserted are named', async () => {
  const ids = [await addEntry(), await addEntry()];
  await linkAll(db);
  const change = `UPDATE audit_entries SET actor = 'key:2' WHERE entry_id = $1`;
  const one = { version: null, problem: changed, id: ids[0]! };
  assert.deepEqual((await tampered(change, [ids[0]])).map(brief), [one]);
  await db.query('DELETE FROM audit_entries WHERE entry_id = $1', [ids[1]]);
  const inserted = await addEntry();
  await db.query('DELETE FROM audit_unlinked');
  const { findings } = await verify();
  const found = new Map(findings.map(({ id, problem }) => [id, problem]));
  assert.equal(found.get(ids[1]!), missing);
  assert.match(found.get(inserted) ?? '', unlinked);
});

async function threeLinks(): Promise<string> {
  const id = await plantHistory(db);
  for (let n = 0; n < 3; n += 1) await linkAll(db, 1);
  return id;
}

test('a link that was changed, and one that was written anew with its hash, are named', async () => {
  await threeLinks();
  const change = `UPDATE audit_links SET linked_at = linked_at - interval '1 day' WHERE seq = 2`;
  const [found, ...more] = await tampered(change);
  assert.deepEqual(more, []);
  assert.deepEqual([found?.link, found?.problem], [2, 'the link was changed']);
  await db.query('UPDATE audit_links l SET hash = audit_link_hash(l) WHERE seq = 2');
  const { findings } = await verify();
  assert.deepEqual(
    findings.map(({ link, problem }) => [link, problem]),
    [[3, 'it does not follow the link before it: one of them was replaced']],
  );
});

test('a missing link is named, with what it covered', async () => {
  const id = await threeLinks();
  const found = await tampered('DELETE FROM audit_links WHERE seq = 2');
  assert.deepEqual(found.map(({ link, problem }) => [link, problem])[0], [
    ...[3, 'link 2 is missing before it'],
  ]);
  assert.deepEqual(
    found.slice(1).map(({ id, version }) => ({ id, version })),
    [{ id, version: 2 }],
  );
});

test('heads that were kept show a tail that was cut off or written anew', async (t) => {
  await threeLinks();
  const { out } = await run(['audit', 'verify', '--heads'], { DATABASE_URL: db.url });
  const kept = file(t, 'heads.ndjson', `${out}\n`);
  assert.equal((await verify('--against', kept)).status, 0);

  // All traces: the rows, their events, and the place in the log.
  await db.query(`DELETE FROM audit_links WHERE seq = 3;
    DELETE FROM appointment_history WHERE version = 3; DELETE FROM event_log WHERE version = 3;
    UPDATE outbox_shards SET last_position = 2 WHERE last_position = 3`);
  assert.equal((await verify()).status, 0);
  const cut = await verify('--against', kept);
  assert.equal(cut.status, 1);
  assert.deepEqual(
    cut.findings.map(({ link, problem }) => [link, problem]),
    [[3, 'the link whose hash was kept is gone']],
  );

  await db.query(`INSERT INTO audit_links
    SELECT tenant_id, shard, 3, linked_at, ids, versions, digests, hash, '' FROM audit_links
    WHERE seq = 2; UPDATE audit_links l SET hash = audit_link_hash(l) WHERE seq = 3`);
  const anew = await verify('--against', kept);
  assert.deepEqual(
    anew.findings.map(({ link, problem }) => [link, problem]),
    [[3, 'the link is not the one whose hash was kept']],
  );
});

test('a version that was gone before it was linked is named', async () => {
  const id = await plantHistory(db);
  await db.query('DELETE FROM appointment_history WHERE version = 2');
  await linkAll(db);
  const { findings } = await verify();
  const problem = 'it was missing already when it was to be linked';
  assert.deepEqual(findings.map(brief), [{ id, version: 2, problem }]);
});

test('a tenant is verified by itself', async () => {
  await db.query(`INSERT INTO tenants (tenant_id, name) VALUES ('other', 'Other')
    ON CONFLICT DO NOTHING`);
  const id = await plantHistory(db, { tenant: 'other' });
  await plantHistory(db);
  await linkAll(db);
  await db.query(`UPDATE appointment_history SET cause = 'x' WHERE appointment_id = $1`, [id]);
  assert.equal((await verify('--tenant', 'default')).status, 0);
  assert.equal((await verify('--tenant', 'other')).findings.length, 3);
  const unknown = await run(['audit', 'verify', '--tenant', 'none'], { DATABASE_URL: db.url });
  assert.deepEqual([unknown.status, unknown.err], [1, 'slotwright: there is no tenant "none"']);
});

test('what is no file of heads is wrong usage', async (t) => {
  const path = file(t, 'heads.ndjson', '{"tenant":"default"}\n');
  const args = ['audit', 'verify', '--against', path];
  const { status, err } = await run(args, { DATABASE_URL: db.url });
  assert.equal(status, 2);
  assert.match(err, /line 1: this is no head of a chain/);
});

test('the canonical form is the one that is documented', async () => {
  const id = await plantHistory(db, { reason: 'no-room' });
  await linkAll(db);
  const [row] = await db.query<{ digest: Buffer; at: Buffer; start: Buffer; end: Buffer }>(
    `SELECT l.digests[array_position(l.versions, 3)] AS digest, timestamptz_send(h.at) AS at,
      timestamptz_send(h.start_at) AS start, timestamptz_send(h.end_at) AS end
    FROM audit_links l JOIN appointment_history h ON h.appointment_id = $1 AND h.version = 3`,
    [id],
  );
  assert.ok(row);
  const text = (value: string | null) => field(25, value === null ? null : Buffer.from(value));
  const none = (oid: number) => field(oid, null);
  const fields = [
    ...[
      field(21, int(1, 2)),
      text('default'),
      field(2950, Buffer.from(id.replaceAll('-', ''), 'hex')),
    ],
    ...[field(23, int(3, 4)), text('SCHEDULED'), text('CANCELLED'), text('cancel')],
    ...[field(1184, row.start), field(1184, row.end), text(null), none(20), none(1184), none(1184)],
    ...[text(null), none(20), text('key:1'), text(null), none(2950), text(null)],
    ...[field(1184, row.at), text(null), none(17), text('no-room'), none(17)],
  ];
  const bytes = Buffer.concat([int(fields.length, 4), ...fields]);
  const digest = createHash('sha256').update(bytes).digest('hex');
  assert.equal(row.digest.toString('hex'), `00${digest}`);
});

function int(value: number, bytes: 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeIntBE(value, 0, bytes);
  return buffer;
}

/** A column in PostgreSQL's binary form of a row: type, length, bytes. */
function field(oid: number, bytes: Buffer | null): Buffer {
  return Buffer.concat([int(oid, 4), int(bytes?.length ?? -1, 4), bytes ?? Buffer.alloc(0)]);
}

for (const [table, set] of Object.entries({
  audit_entries: `actor = 'x'`,
  audit_links: 'seq = seq + 1',
  erased_texts: 'version = 2',
  appointment_history: `actor = 'x'`,
})) {
  test(`${table} refuses to be changed`, async () => {
    if (table === 'appointment_history') await plantHistory(guarded);
    for (const sql of [`UPDATE ${table} SET ${set}`, `DELETE FROM ${table}`, `TRUNCATE ${table}`]) {
      const refused = { code: 'SW005', message: `${table} is append-only` };
      await assert.rejects(guarded.query(sql), refused);
    }
  });
}
