import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openDatabase, type Database } from '../../src/io/postgres.ts';
import { describe, schemaState, upgradeSchema } from '../../src/store/schema.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

let store: TestDatabase;
let database: Database;
before(async () => {
  store = await freshDatabase();
  database = openDatabase({ url: store.url, applicationName: 'schema', maxConnections: 4 });
});
after(async () => {
  await database.close();
  await store.drop();
});

test('a schema that is up to date is left alone, by many at once', async () => {
  const upgrades = await Promise.all([1, 2, 3].map(() => upgradeSchema(database)));
  assert.deepEqual(upgrades, [[], [], []]);
  assert.equal((await schemaState(database)).kind, 'current');
});

test('a newer schema is refused and not touched', async () => {
  const insert = `INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, 'x', 'y')`;
  await store.query(insert);
  assert.match(describe(await schemaState(database)), /newer than this release/);
  await assert.rejects(upgradeSchema(database), /schema 9999, newer than this release knows/);
  await store.query('DELETE FROM schema_migrations WHERE version = 9999');
  assert.equal((await schemaState(database)).kind, 'current');
});

test('a migration that was applied in another form is refused by name', async () => {
  const [first] = await store.query<{ name: string; checksum: string }>(
    'SELECT name, checksum FROM schema_migrations ORDER BY version LIMIT 1',
  );
  assert.ok(first);
  await store.query(`UPDATE schema_migrations SET checksum = 'other' WHERE name = $1`, [
    first.name,
  ]);
  await assert.rejects(upgradeSchema(database), (error) => {
    return error instanceof Error && error.message.includes(first.name);
  });
  await store.query('UPDATE schema_migrations SET checksum = $2 WHERE name = $1', [
    first.name,
    first.checksum,
  ]);
});

test('an empty database is behind, and is brought up to date by one of many at once', async () => {
  const schema = `empty_${process.pid}`;
  await store.query(`CREATE SCHEMA ${schema}`);
  const empty = openDatabase({
    ...{ url: store.url, applicationName: 'schema', maxConnections: 3 },
    settings: [`search_path=${schema}`],
  });
  try {
    const state = await schemaState(empty);
    assert.equal(state.kind, 'behind');
    assert.match(describe(state), /slotwright db upgrade/);
    const upgrades = await Promise.all([1, 2, 3].map(() => upgradeSchema(empty)));
    assert.deepEqual(upgrades.map((names) => names.length > 0).sort(), [false, false, true]);
    assert.equal((await schemaState(empty)).kind, 'current');
  } finally {
    await empty.close();
  }
});
