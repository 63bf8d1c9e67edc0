import type { Clock } from '../io/clock.ts';
import type { Queries } from '../io/postgres.ts';
import { countOutboxRelays, measureOutbox } from '../store/read/outbox.ts';

export interface Drained {
  isEmpty: boolean;
  /** Events in the outbox, counted up to 100,000. */
  waiting: number;
  /** Appointments whose events the bus refused: their events wait until they are redriven. */
  parked: number;
  /** Relays that are alive. */
  relays: number;
}

const countUpTo = 100_000;
const pauseMs = 200;

/**
 * Waits until every event has been published, and answers how the outbox stands then or when the
 * time is over. Relays publish whatever there is, so it takes no order to them: whoever drains for
 * good stops what makes events first, and closes writes only afterwards, for relays write too.
 */
export async function drainOutbox(
  { database, clock }: { database: Queries; clock: Clock },
  { timeoutMs }: { timeoutMs: number },
): Promise<Drained> {
  const deadline = clock.monotonicMs() + timeoutMs;
  for (;;) {
    const { depth: waiting, parked } = await measureOutbox(database, countUpTo);
    const isOver = waiting === 0 || clock.monotonicMs() >= deadline;
    if (isOver) {
      const relays = await countOutboxRelays(database);
      return { isEmpty: waiting === 0, waiting, parked, relays };
    }
    await clock.sleep(pauseMs);
  }
}
