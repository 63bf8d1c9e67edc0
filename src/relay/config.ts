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
  /** Between two turns of the audit; what comes in one pause shares a link per shard. */
  auditPauseMs: number;
  /** Versions of one shard that a link covers at most. */
  auditPerShard: number;
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
  auditPauseMs: 2_000,
  auditPerShard: 1_000,
  keepLogDays: 35,
};
