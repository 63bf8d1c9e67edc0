import type { Bus } from './bus.ts';

/**
 * The embedded bus: the event log itself, read by durable cursors. Appending to the log is
 * publishing, and the relay's confirm appends, so there is nothing left to do here.
 */
export const eventLogBus: Bus = {
  name: 'event-log',
  takesRuns: true,
  readsBytes: false,
  batchSize: 4_096,
  publish: () => Promise.resolve({ refused: [], unconfirmed: [] }),
  close: () => Promise.resolve(),
};
