import pg from 'pg';
import { eventually } from '../eventually.ts';

const openWork = `SELECT
  (SELECT count(*) FROM commands WHERE state = 'pending')::int AS commands,
  (SELECT count(*) FROM outbox)::int AS events,
  (SELECT count(*) FROM sagas WHERE finished_at IS NULL)::int AS sagas,
  (SELECT count(*) FROM tasks WHERE lane <> 'maintenance')::int AS tasks,
  (SELECT count(*) FROM notifications WHERE state IN ('pending', 'sending'))::int AS notifications,
  (SELECT count(*) FROM audit_unlinked)::int AS entries,
  (SELECT count(*) FROM outbox_shards s LEFT JOIN consumer_cursors c USING (shard)
    WHERE s.last_position > coalesce(c.position, 0))::int AS unread`;

/** Waits until nothing is left to do; throws with what is, after `withinMs`. */
export async function awaitQuiet(databaseUrl: string, withinMs = 20_000): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'checker' });
  await client.connect();
  try {
    await eventually(async () => {
      const { rows } = await client.query<Record<string, number>>(openWork);
      const open = Object.entries(rows[0] ?? {}).filter(([, count]) => count > 0);
      if (open.length > 0)
        throw new Error(`left to do: ${JSON.stringify(Object.fromEntries(open))}`);
      return true;
    }, withinMs);
  } finally {
    await client.end();
  }
}
