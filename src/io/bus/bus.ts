/** One event of the outbox, on its way out. `bytes` is final: it is never parsed or rewritten. */
export interface BusEvent {
  shard: number;
  /** Rises with the version within one appointment. */
  outboxId: number;
  tenantId: string;
  appointmentId: string;
  version: number;
  type: string;
  bytes: string;
  traceparent: string | null;
}

export interface RefusedEvent {
  event: BusEvent;
  reason: string;
}

export interface PublishResult {
  /**
   * Events that the bus will never take. Later events of the same appointment count as refused
   * too, whether the bus took them or not.
   */
  refused: readonly RefusedEvent[];
}

/**
 * Where events go. `publish` resolves when the bus has confirmed every event that it does not name
 * as refused, and throws where it cannot know: the relay then publishes the same events again.
 */
export interface Bus {
  readonly name: string;
  /**
   * True where all pending events of an appointment may be given in one call, because they arrive
   * together and in order. Else the relay has at most one of them in flight, since confirms that
   * are pipelined reorder: version 1 refused, version 2 taken.
   */
  readonly takesRuns: boolean;
  publish(events: readonly BusEvent[]): Promise<PublishResult>;
  close(): Promise<void>;
}
