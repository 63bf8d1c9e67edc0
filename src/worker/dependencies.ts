import type { Subscription, SubscriptionOptions } from '../io/bus/bus.ts';
import type { Calendars } from '../io/calendar/open-calendars.ts';
import type { Clock } from '../io/clock.ts';
import type { Failpoints } from '../io/failpoints.ts';
import type { Log } from '../io/log.ts';
import type { Mailer } from '../io/mail/mail.ts';
import type { Metrics } from '../io/metrics.ts';
import type { Database } from '../io/postgres.ts';
import type { Random } from '../io/random.ts';
import type { WriteEpoch } from '../store/write-epoch.ts';
import type { Calls } from './calls/calls.ts';
import type { WorkerConfig } from './config.ts';

export interface WorkerDependencies {
  database: Database;
  hotDatabase: Database;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  failpoints: Failpoints;
  epoch: WriteEpoch;
  /** This process; `sessionKey` may change when its session had to be opened anew. */
  identity: { readonly processId: string; readonly sessionKey: number | null };
  mailer: Mailer;
  calendars: Calendars;
  calls: Calls;
  /** Key of the hashes that stand for recipients in the notifications table. */
  recipientKey: string;
  config: WorkerConfig;
  /** Reads from the broker; absent where the event log is the bus. */
  subscribe?: (options: SubscriptionOptions) => Subscription;
  /** Called after events were committed to the outbox, for the relay in this process. */
  onCommitted?: () => void;
}
