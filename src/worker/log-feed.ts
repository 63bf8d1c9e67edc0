import { findLogAfterCursors, type LoggedEvent } from '../store/read/event-log.ts';
import type { CursorMove } from '../store/write/consumer.ts';
import type { WorkerDependencies } from './dependencies.ts';
import type { EventFeed, FeedEvent } from './event-feed.ts';

export interface LogFeedOptions {
  consumer: string;
  types: readonly string[];
  /**
   * Events are read once they have been in the log for so long. Where a broker delivers them, this
   * is the time that it has before an event that is still missing is taken from the log.
   */
  ripeSeconds: number;
}

/** The event log, behind a durable cursor per shard. */
export function logFeed(
  { hotDatabase, config, log }: WorkerDependencies,
  { consumer, types, ripeSeconds }: LogFeedOptions,
): EventFeed {
  const perShard = config.consumerShare;
  return {
    name: 'log',
    read: async () => {
      const wanted = { consumer, types, perShard, ripeSeconds };
      const runs = runsByShard(await findLogAfterCursors(hotDatabase, wanted), (fields) =>
        log.error({ component: `consumer-${consumer}`, ...fields }, 'a gap in the event log'),
      );
      if (runs.length === 0) return undefined;
      return {
        events: runs.flat().flatMap(feedEvent),
        moves: runs.map(cursorMove),
        isFull: runs.some((run) => run.length >= perShard),
      };
    },
  };
}

/** The ripe events by shard, each run without a gap from its cursor on. */
function runsByShard(
  events: readonly LoggedEvent[],
  onGap: (fields: { shard: number; cursor: number; position: number }) => void,
): LoggedEvent[][] {
  const runs = new Map<number, LoggedEvent[]>();
  for (const event of events) {
    const { shard, cursor, position } = event;
    const run = runs.get(shard) ?? [];
    runs.set(shard, run);
    const isNext = position === cursor + run.length + 1;
    if (isNext && event.ripe) run.push(event);
    // The relay leaves none: the log was cut behind our cursor, or something else wrote to it.
    else if (!isNext && run.length === 0 && event.ripe) onGap({ shard, cursor, position });
  }
  return [...runs.values()].filter((run) => run.length > 0);
}

function cursorMove(run: readonly LoggedEvent[]): CursorMove {
  const { shard = 0, cursor = 0 } = run[0] ?? {};
  return { shard, old_position: cursor, new_position: cursor + run.length };
}

function feedEvent(logged: LoggedEvent): FeedEvent[] {
  const { shard, tenant_id, appointment_id, version, type, event, traceparent, awaits } = logged;
  if (event === null) return [];
  return [{ shard, tenant_id, appointment_id, version, type, event, traceparent, awaits }];
}
