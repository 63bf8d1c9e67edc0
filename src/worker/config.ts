import { defaultReconcilerConfig, type ReconcilerConfig } from './reconciler/config.ts';

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
  /** Sagas that call calendars: how many run at once, and how many of them of one tenant. */
  calendarPlaces: number;
  calendarPlacesPerTenant: number;
  /** A run of one of them that lasts longer hangs; it makes a few calls at most. */
  calendarTaskLimitMs: number;
  notificationBatchSize: number;
  /** Sagas of this process's engine that wait for their turn. */
  handedOverLimit: number;
  /** How often other processes' tasks are looked for while this one's keep coming. */
  claimPauseMs: number;
  busyPauseMs: number;
  /** Least time between turns of a lane and of a consumer: what comes meanwhile goes together. */
  laneGapMs: number;
  consumerGapMs: number;
  idlePauseMs: number;
  reaperPauseMs: number;
  gaugePauseMs: number;
  sweepPauseMs: number;
  /** Idempotency keys are kept at least 24 h; the hour more is for clocks and slow clients. */
  keepKeysHours: number;
  keepInboxDays: number;
  /** Events that a consumer reads per shard in one turn. */
  consumerShare: number;
  /** Deliveries of a broker that a consumer takes in one turn. */
  deliveriesPerTurn: number;
  /** How long a delivery may take: what is missing after that is read from the event log. */
  gapSeconds: number;
  /** Between looks at what is missing or held. */
  gapPauseMs: number;
  /** SAGA_DEADLINE_SECONDS, for sagas that are started anew. */
  sagaDeadlineSeconds: number;
  reconciler: ReconcilerConfig;
}

export const defaultWorkerConfig: WorkerConfig = {
  leaseSeconds: 2,
  retry: { baseMs: 200, capMs: 30_000, maxAttempts: 12 },
  callTimeoutMs: 1_500,
  sagaBatchSize: 128,
  calendarPlaces: 32,
  calendarPlacesPerTenant: 8,
  calendarTaskLimitMs: 20_000,
  notificationBatchSize: 16,
  handedOverLimit: 1_024,
  claimPauseMs: 100,
  busyPauseMs: 10,
  laneGapMs: 15,
  consumerGapMs: 50,
  idlePauseMs: 250,
  reaperPauseMs: 200,
  gaugePauseMs: 1_000,
  sweepPauseMs: 60_000,
  keepKeysHours: 25,
  keepInboxDays: 8,
  consumerShare: 128,
  deliveriesPerTurn: 256,
  gapSeconds: 5,
  gapPauseMs: 500,
  sagaDeadlineSeconds: 600,
  reconciler: defaultReconcilerConfig,
};
