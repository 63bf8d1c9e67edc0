/** Limits of the api role. None of them is for operators to set. */
export const apiConfig = {
  acceptBatchRows: 128,
  /** Requests that may wait for a batch; beyond it they are turned away at once. */
  acceptQueueRows: 2_000,
  /** A batch that takes longer than this has lost its database: its requests are told so. */
  acceptTimeoutMs: 5_000,
  /** How long a duplicate waits for the first request with its key. */
  keyInFlightMs: 2_000,
  /** After this long a first request that has not ended is taken to hang. */
  keyForgottenMs: 10_000,
  acceptAttempts: 3,
  pollDecisionsMs: 50,
  maxWaiters: 10_000,
  catalogueWaitSeconds: 5,
  cachedTenants: 1_000,
  /** How often the event log is asked whether it has grown, while a stream waits. */
  pollEventsMs: 100,
  maxStreams: 100,
  /** Streams of one key or customer. */
  maxStreamsEach: 10,
  streamHeartbeatMs: 15_000,
  /** Then a stream ends, and its reader's reconnection is authorised anew. */
  streamLifetimeMs: 3_600_000,
  /** How often engines of other processes are looked for, and how old their last sign may be. */
  findEnginesMs: 1_000,
  engineSeenWithinSeconds: 10,
  engineCallMs: 1_000,
  callsPerEngine: 64,
  /** How long a question is put again while regions change hands. */
  engineAnswerMs: 500,
  engineRetryMs: 50,
  /** A stream of decisions that is quiet for longer is lost: there is a sign every second. */
  decisionSilenceMs: 4_000,
  maxDecisionCharacters: 4 * 1024 * 1024,
  firstReconnectMs: 50,
  lastReconnectMs: 2_000,
} as const;

export type ApiConfig = { [limit in keyof typeof apiConfig]: number };
