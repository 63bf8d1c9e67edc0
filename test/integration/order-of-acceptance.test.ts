import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { systemClock } from '../../src/io/clock.ts';
import { openDatabase, type Database } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';
import { hotSettings } from '../../src/main/databases.ts';
import { insertActions, type ActionRow } from '../../src/store/write/accept-actions.ts';
import { netRoles } from '../../src/store/row-security.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { accepting } from '../support/engine-parts.ts';
import { eventually } from '../support/eventually.ts';
import { at } from '../support/placement-region.ts';

let store: TestDatabase;
let database: Database;

before(async () => {
  store = await freshDatabase();
  const pool = { url: store.url, applicationName: 'order', maxConnections: 4 };
  database = openDatabase({ ...pool, settings: hotSettings, role: netRoles.writer });
});
after(async () => {
  await database.close();
  await store.drop();
});

function cancelOf(appointmentId: string): ActionRow {
  return {
    ...{ tenant_id: 'default', operation: 'cancel', key: randomUUID(), content_hash: '00' },
    ...{ command_id: systemRandom.uuidV7(), appointment_id: appointmentId, actor: 'key:test' },
    ...{
      request_id: 'request-1',
      traceparent: null,
      only_customer: null,
      only_resource: null,
      if_match: null,
    },
    ...{ allowed_from: ['INIT'], payload: {}, created_s: systemClock.nowSeconds() },
  };
}

test('what two processes accept of one appointment is numbered as it is committed', async () => {
  const api = accepting(store);
  const start = at('2030-06-03T09:00:00Z');
  const slot = { start, end: start + 1_800 };
  const [id = '', other = ''] = await api.create(slot, slot);
  const [first, second] = [cancelOf(id), cancelOf(id)];
  const epoch = 1;
  const late = await database.transaction(async (queries) => {
    await insertActions(queries, epoch, [first]);
    // Of another appointment nobody waits.
    await insertActions(database, epoch, [cancelOf(other)]);
    const accepting = insertActions(database, epoch, [second]);
    await eventually(async () => {
      const waiting = await store.query(
        `SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted`,
      );
      return waiting.length === 1;
    });
    return { accepting };
  });
  assert.deepEqual(await late.accepting, new Set([second.command_id]));
  const rows = await store.query<{ id: string }>(
    `SELECT command_id AS id FROM commands WHERE operation = 'cancel' AND appointment_id = $1
    ORDER BY accepted_seq`,
    [id],
  );
  assert.deepEqual(
    rows.map((row) => row.id),
    [first.command_id, second.command_id],
  );
  await api.close();
});
