export interface WorkerConfig {
  /** LEASE_SECONDS. Leases of running tasks are renewed every third of it. */
  leaseSeconds: number;
  retry: {
    /** RETRY_BASE_MS, RETRY_CAP_MS, RETRY_MAX_ATTEMPTS. */
    baseMs: number;
    capMs: number;
    maxAttempts: number;
  };
  /** CALL_TIMEOUT_MS: one call to a third party. */
  callTimeoutMs: number;
  sagaBatchSize: number;
  notificationBatchSize: number;
  busyPauseMs: number;
  idlePauseMs: number;
  reaperPauseMs: number;
  gaugePauseMs: number;
  sweepPauseMs: number;
  /** Idempotency keys are kept at least 24 h; the hour more is for clocks and slow clients. */
  keepKeysHours: number;
  keepInboxDays: number;
  /** Events that a consumer reads per shard in one turn. */
  consumerShare: number;
}

export const defaultWorkerConfig: WorkerConfig = {
  leaseSeconds: 2,
  retry: { baseMs: 200, capMs: 30_000, maxAttempts: 12 },
  callTimeoutMs: 1_500,
  sagaBatchSize: 128,
  notificationBatchSize: 16,
  busyPauseMs: 10,
  idlePauseMs: 250,
  reaperPauseMs: 200,
  gaugePauseMs: 1_000,
  sweepPauseMs: 60_000,
  keepKeysHours: 25,
  keepInboxDays: 8,
  consumerShare: 32,
};
