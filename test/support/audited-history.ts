import { randomUUID } from 'node:crypto';
import { outboxShard, ownReasons } from '../../src/domain/appointment.ts';
import { openDatabase } from '../../src/io/postgres.ts';
import {
  addEntryLinks,
  addTransitionLinks,
  lockAuditShards,
} from '../../src/store/write/audit-links.ts';
import type { TestDatabase } from './database.ts';

export interface PlantedTexts {
  tenant?: string;
  customerId?: string;
  location?: string;
  reason?: string;
}

/** Writes a cancelled appointment of three versions, as the service and its relay leave it. */
export async function plantHistory(
  database: TestDatabase,
  { tenant = 'default', customerId = randomUUID(), location, reason }: PlantedTexts = {},
): Promise<string> {
  const id = randomUUID();
  const shard = outboxShard(id);
  const values = [tenant, id, customerId, location ?? null, reason ?? null, shard];
  await database.query(
    `WITH appointment AS (
      INSERT INTO appointments (tenant_id, appointment_id, version, state, customer_id, start_at,
        end_at, service_type, location, region, reason, created_at, updated_at)
      VALUES ($1, $2, 3, 'CANCELLED', $3, now() - interval '2 hours', now() - interval '1 hour',
        'consultation', $4, 'default', $5, now(), now())),
    history AS (
      INSERT INTO appointment_history (tenant_id, appointment_id, version, from_state, to_state,
        cause, reason, start_at, end_at, location, actor, at)
      SELECT $1, $2, v.version, v.from_state, v.to_state, v.cause,
        CASE WHEN v.version = 3 THEN $5 END, now(), now() + interval '1 hour', $4, 'key:1', now()
      FROM (VALUES (1, NULL, 'INIT', 'create'), (2, 'INIT', 'SCHEDULED', 'schedule'),
        (3, 'SCHEDULED', 'CANCELLED', 'cancel')) AS v (version, from_state, to_state, cause)),
    placed AS (
      UPDATE outbox_shards SET last_position = last_position + 3 WHERE shard = $6
      RETURNING last_position - 3 AS before)
    INSERT INTO event_log (shard, position, tenant_id, appointment_id, version, type, event,
      created_at)
    SELECT $6, before + v, $1, $2, v, 'appointment.updated.v1', '{}', now()
    FROM placed, generate_series(1, 3) v`,
    values,
  );
  return id;
}

/** One turn of the chain over all shards; answers how many entries it has linked. */
export async function linkAll(database: TestDatabase, perShard = 1_000): Promise<number> {
  const own = openDatabase({ url: database.url, applicationName: 'linker', maxConnections: 1 });
  try {
    return await own.transaction(async (queries) => {
      const all = Array.from({ length: 64 }, (_, shard) => shard);
      const shards = await lockAuditShards(queries, 1, all);
      const linked = await addTransitionLinks(queries, { shards, perShard }, [...ownReasons]);
      const entries = await addEntryLinks(queries, perShard);
      return linked.reduce((total, shard) => total + shard.linked, entries);
    });
  } finally {
    await own.close();
  }
}
