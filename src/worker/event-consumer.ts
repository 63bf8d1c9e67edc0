import { pollingLoop, type PollingLoop, type TurnResult } from '../io/polling-loop.ts';
import { findLogAfterCursors, type LoggedEvent } from '../store/read/event-log.ts';
import {
  makeConsumerCursors,
  takeAsConsumer,
  type CursorMove,
  type NotificationOrder,
} from '../store/write/consumer.ts';
import type { WorkerDependencies } from './dependencies.ts';
import { refreshEpoch } from '../store/write-epoch.ts';

export interface EventConsumerOptions {
  /** The name that its cursors and inbox rows bear. */
  consumer: string;
  /** Types whose bytes are read; the others only move the cursor. */
  types: readonly string[];
  /** What an event of those types asks for; undefined for nothing. Throws for poison. */
  order: (event: LoggedEvent & { event: string }) => NotificationOrder | undefined;
  /** Called after something was taken. */
  onTaken: () => void;
}

/**
 * Follows the event log, a durable cursor per shard. Cursor, inbox row and effect move in one
 * transaction, and a cursor moves only from where it stood when the events were read: two
 * processes with one name take each event once between them. An event that cannot be read is
 * logged and passed over, so that only its own appointment goes without.
 */
export function eventConsumer(
  dependencies: WorkerDependencies,
  options: EventConsumerOptions,
): PollingLoop {
  const { hotDatabase, epoch, config, log } = dependencies;
  const { consumer, types } = options;
  const component = `consumer-${consumer}`;
  let prepared = false;

  async function turn(): Promise<TurnResult> {
    if (!prepared) await makeConsumerCursors(hotDatabase, epoch.current(), consumer);
    prepared = true;
    const perShard = config.consumerShare;
    const events = await findLogAfterCursors(hotDatabase, { consumer, types, perShard });
    if (events.length === 0) return 'none';
    const runs = runsByShard(events, log, component);
    const moves = runs.map(cursorMove);
    const orders = runs.flat().flatMap((event) => ordersOf(event));
    const moved = await takeAsConsumer(
      hotDatabase,
      { epoch: epoch.current(), consumer },
      { moves, orders },
    );
    if (orders.some(({ shard }) => moved.has(shard))) options.onTaken();
    return runs.some((run) => run.length >= perShard) ? 'full' : 'some';
  }

  function ordersOf(event: LoggedEvent): NotificationOrder[] {
    const { event: bytes } = event;
    if (bytes === null) return [];
    try {
      const order = options.order({ ...event, event: bytes });
      return order === undefined ? [] : [order];
    } catch (error) {
      const { appointment_id, shard, position } = event;
      log.error({ component, appointment_id, shard, position, err: error }, 'poison event');
      return [];
    }
  }

  return pollingLoop({
    ...dependencies,
    name: component,
    busyPauseMs: config.busyPauseMs,
    idlePauseMs: config.idlePauseMs,
    recover: (error) => refreshEpoch(epoch, error),
    turn,
  });
}

/** The events by shard, each run without a gap from its cursor on. */
function runsByShard(
  events: readonly LoggedEvent[],
  log: WorkerDependencies['log'],
  component: string,
): LoggedEvent[][] {
  const runs = new Map<number, LoggedEvent[]>();
  for (const event of events) {
    const run = runs.get(event.shard) ?? [];
    if (event.position === event.cursor + run.length + 1) run.push(event);
    else if (run.length === 0) {
      // The relay leaves none: the log was cut behind our cursor, or something else wrote to it.
      const { shard, cursor, position } = event;
      log.error({ component, shard, cursor, position }, 'a gap in the event log');
    }
    runs.set(event.shard, run);
  }
  return [...runs.values()].filter((run) => run.length > 0);
}

function cursorMove(run: readonly LoggedEvent[]): CursorMove {
  const { shard = 0, cursor = 0 } = run[0] ?? {};
  return { shard, old_position: cursor, new_position: cursor + run.length };
}
