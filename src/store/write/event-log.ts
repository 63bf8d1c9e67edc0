import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

const makePartitions = statement<{ made: number }>(
  'make_event_log_partitions',
  `SELECT create_event_log_partitions($1) AS made`,
);

const dropPartitions = statement<{ dropped: number }>(
  'drop_event_log_partitions',
  `SELECT drop_event_log_partitions($2) AS dropped WHERE assert_write_epoch($1)`,
);

/** Makes the event log's partitions for this week and `weeksAhead` more; answers how many. */
export async function makeEventLogPartitions(
  queries: Queries,
  weeksAhead: number,
): Promise<number> {
  const [row] = await queries.run(makePartitions, [weeksAhead]);
  return row?.made ?? 0;
}

/**
 * Drops the weeks of the event log that ended more than `keepDays` ago and that every consumer
 * has read to the end; answers how many. Those that a long reader still looks at stay for now.
 */
export async function dropEventLogPartitions(
  queries: Queries,
  epoch: number,
  keepDays: number,
): Promise<number> {
  const [row] = await queries.run(dropPartitions, [epoch, keepDays]);
  return row?.dropped ?? 0;
}
