import { pollingLoop, type PollingLoop, type TurnResult } from '../io/polling-loop.ts';
import { makeConsumerCursors, takeAsConsumer } from '../store/write/consumer.ts';
import { refreshEpoch } from '../store/write-epoch.ts';
import { brokerFeed } from './broker-feed.ts';
import type { WorkerDependencies } from './dependencies.ts';
import type { EventFeed } from './event-feed.ts';
import { heldFeed } from './held-feed.ts';
import { logFeed } from './log-feed.ts';
import { planTaking, type Order } from './plan-taking.ts';

export interface EventConsumerOptions {
  /** The name that its cursors, inbox rows and queue bear. */
  consumer: string;
  /** Types that it wants; the others only move its cursor. */
  types: readonly string[];
  /** What an event of those types asks for; undefined for nothing. Throws for poison. */
  order: Order;
  /** Called after something was taken. */
  onTaken: () => void;
}

/**
 * Takes every event of its types once, those of one appointment in order of version.
 *
 *   log ─────┐          ┌─ taken: inbox row and effect
 *   broker ──┼─> plan ──┼─ held: something before it is not taken ──> later, from the held ones
 *   held ────┘          └─ parked: poison, a dead letter; what follows it is held
 *
 * Outcome and effect are one transaction, and the inbox is the referee: whichever way an event
 * comes first, and to whichever process, it has its effect once. Without a broker the log is read
 * as soon as it grows. With one the log is read behind the deliveries, after the time that they
 * may take: so gaps are filled, and nothing is lost or doubled when a broker comes or goes.
 */
export function eventConsumer(
  dependencies: WorkerDependencies,
  options: EventConsumerOptions,
): PollingLoop {
  const { config, subscribe } = dependencies;
  const slow = { busyPauseMs: config.gapPauseMs, idlePauseMs: config.gapPauseMs };
  const prompt = { busyPauseMs: config.busyPauseMs, idlePauseMs: config.idlePauseMs };
  const ripeSeconds = subscribe === undefined ? 0 : config.gapSeconds;
  const log = feedLoop(dependencies, options, {
    feed: logFeed(dependencies, { ...options, ripeSeconds }),
    ...(subscribe === undefined ? prompt : slow),
  });
  const held = feedLoop(dependencies, options, { feed: heldFeed(dependencies, options), ...slow });
  const subscription = subscribe?.({
    ...options,
    limit: 2 * config.deliveriesPerTurn,
    onArrival: () => broker?.wake(),
  });
  const broker =
    subscription &&
    feedLoop(dependencies, options, {
      feed: brokerFeed(dependencies, { ...options, subscription }),
      ...prompt,
    });
  const loops = [log, held, ...(broker === undefined ? [] : [broker])];
  return {
    start: () => loops.forEach((loop) => loop.start()),
    wake: () => (subscribe === undefined ? log.wake() : undefined),
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
      await subscription?.close();
    },
    // A broker that is away is not among them: what it does not deliver comes from the log.
    failure: () => log.failure() ?? held.failure(),
    busyForMs: () => log.busyForMs(),
  };
}

interface FeedLoopOptions {
  feed: EventFeed;
  busyPauseMs: number;
  idlePauseMs: number;
}

function feedLoop(
  dependencies: WorkerDependencies,
  { consumer, order, onTaken }: EventConsumerOptions,
  { feed, ...pauses }: FeedLoopOptions,
): PollingLoop {
  const { hotDatabase, epoch, metrics, log, config } = dependencies;
  const component = `consumer-${consumer}-${feed.name}`;
  let prepared = false;

  async function turn(): Promise<TurnResult> {
    if (!prepared) await makeConsumerCursors(hotDatabase, epoch.current(), consumer);
    prepared = true;
    const batch = await feed.read();
    if (batch === undefined) return 'none';
    const events = planTaking(batch.events, order);
    const { moves } = batch;
    const taker = { epoch: epoch.current(), consumer };
    const moved = await takeAsConsumer(hotDatabase, taker, { moves, events });
    batch.settle?.();
    const settled = events.filter(({ shard }) => shard === null || moved.has(shard));
    for (const { outcome, appointment_id, version, poison } of settled) {
      metrics.eventsConsumed.inc({ consumer, outcome });
      if (outcome !== 'park') continue;
      log.error({ component, appointment_id, version, poison }, 'a poison event is parked');
    }
    if (settled.some(({ outcome }) => outcome === 'take')) onTaken();
    return batch.isFull ? 'full' : 'some';
  }

  return pollingLoop({
    ...dependencies,
    ...pauses,
    turnGapMs: config.consumerGapMs,
    name: component,
    recover: (error) => refreshEpoch(epoch, error),
    turn,
  });
}
