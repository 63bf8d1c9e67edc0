import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

const readyTasks = statement<{ lane: string; ready: number }>(
  'ready_tasks',
  `SELECT lanes.lane, (SELECT count(*) FROM (
      SELECT FROM tasks t WHERE t.lane = lanes.lane AND t.lease_owner IS NULL
        AND t.run_at <= now() LIMIT $1) some_tasks)::int8 AS ready
  FROM unnest('{saga,calendar,notification,webhook,maintenance}'::text[]) AS lanes (lane)`,
);

/** How many tasks could run now, by lane, counted up to `countUpTo`. */
export function countReadyTasks(
  queries: Queries,
  countUpTo: number,
): Promise<{ lane: string; ready: number }[]> {
  return queries.run(readyTasks, [countUpTo]);
}
