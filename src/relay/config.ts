export interface RelayConfig {
  /** LEASE_SECONDS. Renewed every third of it. */
  leaseSeconds: number;
  /** Most events that one turn reads, shared out evenly among the shards. */
  batchSize: number;
  busyPauseMs: number;
  idlePauseMs: number;
  gaugePauseMs: number;
  /** Weeks for which the event log has a partition in advance. */
  weeksAhead: number;
}

export const defaultRelayConfig: RelayConfig = {
  leaseSeconds: 2,
  batchSize: 512,
  busyPauseMs: 10,
  idlePauseMs: 250,
  gaugePauseMs: 1_000,
  weeksAhead: 4,
};
