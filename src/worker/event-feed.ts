import type { CursorMove } from '../store/write/consumer.ts';

/** One event that its consumer wants and has neither taken nor held. */
export interface FeedEvent {
  /** The shard whose cursor passes it; null where it came without one. */
  shard: number | null;
  tenant_id: string;
  appointment_id: string;
  version: number;
  type: string;
  /** The event's bytes. */
  event: string;
  traceparent: string | null;
  /** Earlier versions that are not taken yet: without them it must wait. */
  awaits: readonly number[];
}

export interface FeedBatch {
  /** Those of one appointment in order of version. */
  events: readonly FeedEvent[];
  /** What is committed with the events' effects, so that the next read begins after them. */
  moves: readonly CursorMove[];
  /** There may be more at once. */
  isFull: boolean;
  /** Called when the effects are committed. */
  settle?(): void;
}

/** A way by which events come to a consumer. What was read and not settled is read again. */
export interface EventFeed {
  readonly name: string;
  /** Undefined where there is nothing at present. */
  read(): Promise<FeedBatch | undefined>;
}
