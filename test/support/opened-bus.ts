import { eventLogBus } from '../../src/io/bus/event-log-bus.ts';
import type { Bus, BusEvent } from '../../src/io/bus/bus.ts';
import type { WorkerDependencies } from '../../src/worker/dependencies.ts';
import type { TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';

/** An event as somebody outside got it. */
export interface ReceivedEvent {
  id: string;
  bytes: string;
}

/** A bus as the relay, the worker and an outside reader know it, with names of its own. */
export interface OpenedBus {
  bus: Bus;
  /** Absent where the event log is the bus. */
  subscribe?: NonNullable<WorkerDependencies['subscribe']>;
  /** Everything that an outside reader has been given so far, in its order. */
  received(): Promise<ReceivedEvent[]>;
  /** Breaks every connection to it; new ones get through. */
  cut?(): Promise<void>;
  /** Takes nothing and answers nobody until it is healed; only of a broker. */
  stall?(): void;
  heal?(): void;
  /** Ends everything and takes its names from the broker. */
  close(): Promise<void>;
}

/** A bus that the contract is tested on. */
export interface BusUnderTest {
  name: string;
  /** Where it is missing, why and what would help. */
  skip: string | false;
  /** Its connections can be cut, and stalled where it is a broker. */
  canBreak: boolean;
  open(database: TestDatabase): Promise<OpenedBus>;
}

export const eventLogUnderTest: BusUnderTest = {
  name: 'event log',
  skip: false,
  canBreak: true,
  open: (database) =>
    Promise.resolve({
      bus: eventLogBus,
      received: () =>
        database.query<{ id: string; bytes: string }>(
          `SELECT appointment_id || ':' || version AS id, event AS bytes FROM event_log
          ORDER BY shard, position`,
        ),
      cut: async () => {
        await database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()
            AND application_name = 'tests'`);
      },
      close: () => Promise.resolve(),
    }),
};

/** Publishes one after the other, each until it is confirmed. */
export async function publishInOrder(bus: Bus, events: readonly BusEvent[]): Promise<void> {
  for (const event of events) {
    await eventually(async () => (await bus.publish([event])).unconfirmed.length === 0);
  }
}
