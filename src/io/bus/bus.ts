/** One event of the outbox, on its way out. `bytes` is final: it is never parsed or rewritten. */
export interface BusEvent {
  shard: number;
  /** Rises with the version within one appointment. */
  outboxId: number;
  tenantId: string;
  appointmentId: string;
  version: number;
  type: string;
  /** Empty for a bus that does not read it. */
  bytes: string;
  traceparent: string | null;
  /** From 1: how often it has been published, this time included. */
  attempt: number;
}

export interface FailedEvent {
  event: BusEvent;
  reason: string;
}

/** What became of the events of one call: those that it names in neither list are confirmed. */
export interface PublishResult {
  /** Events that the bus will never take. Later ones of their appointment wait behind them. */
  refused: readonly FailedEvent[];
  /** Events that it did not take this time, or of which nobody knows: to be published again. */
  unconfirmed: readonly FailedEvent[];
}

/** Where events go. */
export interface Bus {
  readonly name: string;
  /** Several events of one appointment may be given in one call: they arrive together, in order. */
  readonly takesRuns: boolean;
  /** Whether it sends the events' bytes; else they need not be read from the outbox. */
  readonly readsBytes: boolean;
  /** How many events a turn of the relay reads for it, shared out evenly among the shards. */
  readonly batchSize: number;
  /**
   * Publishes events; `onSent` is awaited when all are on their way, before what becomes of them.
   * Throws a `BusError` where nothing was sent.
   */
  publish(events: readonly BusEvent[], onSent?: () => Promise<void>): Promise<PublishResult>;
  close(): Promise<void>;
}

/** One event as a broker delivered it: at least once, and not always in order. */
export interface Delivery {
  tenantId: string;
  appointmentId: string;
  version: number;
  type: string;
  bytes: string;
  traceparent: string | null;
  /** Says that its effects are committed. What is not settled is delivered again. */
  settle(): void;
}

export interface SubscriptionOptions {
  consumer: string;
  types: readonly string[];
  /** Most deliveries that may be unsettled at a time. */
  limit: number;
  /** Something can be taken. */
  onArrival: () => void;
}

export interface Subscription {
  /** What has arrived, up to `most`. Throws a `BusError` while the broker is away. */
  take(most: number): Promise<Delivery[]>;
  close(): Promise<void>;
}

/** A bus with the way to read from it, where it is not read from the event log alone. */
export interface Broker {
  readonly bus: Bus;
  subscribe(options: SubscriptionOptions): Subscription;
}

/** The bus is away or does not take anything at present; whatever was to go to it waits. */
export class BusError extends Error {
  override readonly name = 'BusError';
}
