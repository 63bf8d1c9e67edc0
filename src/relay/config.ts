export interface RelayConfig {
  /** LEASE_SECONDS. Renewed every third of it. */
  leaseSeconds: number;
  busyPauseMs: number;
  /** Least time between turns: what is committed meanwhile is published together. */
  turnGapMs: number;
  idlePauseMs: number;
  gaugePauseMs: number;
  /** Weeks for which the event log has a partition in advance. */
  weeksAhead: number;
  /** EVENT_LOG_RETENTION_DAYS */
  keepLogDays: number;
}

export const defaultRelayConfig: RelayConfig = {
  leaseSeconds: 2,
  busyPauseMs: 10,
  turnGapMs: 30,
  idlePauseMs: 250,
  gaugePauseMs: 2_000,
  weeksAhead: 4,
  keepLogDays: 35,
};
