export interface EngineConfig {
  leaseSeconds: number;
  /** How long a saga may take before it is compensated. */
  sagaDeadlineSeconds: number;
  patience?: Patience;
}

/** Commands decided and committed together. */
export const batchSize = 128;

/**
 * How far one look goes for commands that can be decided, where most wait behind another of their
 * appointment: an appointment with fewer than this many commands holds up nobody else's.
 */
export const searchLimit = 2_048;

/** Create requests that wait in memory to be accepted and decided at once, per region. */
export const expressQueueLimit = 2_000;

/** After this long a request is accepted as a command instead: decisions may stand still. */
export const expressPatienceMs = 400;

/** A loop whose turn lasts longer hangs: its region goes to a new one. Loading takes seconds. */
export const hangLimitMs = 10_000;

/** How often free regions are looked for: bounds how long a killed owner's region waits. */
export const acquireIntervalMs = 200;

/** How long a surplus of regions must last: an engine that starts and dies moves none. */
export const surplusPatienceMs = 1_000;

/** How long a question about a region waits for its memory to know what the database does. */
export const catchUpLimitMs = 300;
export const catchUpPauseMs = 5;

/** Decisions told to other processes: readers at a time, and what one may leave unread. */
export const maxDecisionReaders = 64;
export const maxUnreadCharacters = 4 * 1024 * 1024;
export const decisionHeartbeatMs = 1_000;

/** How often undecided commands of other processes are looked for, while busy and when idle. */
export const busyPollMs = 20;
export const idlePollMs = 250;

/**
 * Holds that ended this long before the oldest undecided command was accepted cannot meet it: its
 * slot ended after that moment, and a slot (4 h) with its buffer before (24 h) is shorter.
 */
export const holdHorizonSeconds = 2 * 86_400;

/** How often a process that runs on forgets holds beyond the horizon. */
export const pruneIntervalMs = 3_600_000;

/**
 * How often a command that fails alone is tried before it is given up, and how long it waits in
 * between: the first time, then doubled up to the last. By default it is given up after 127 s.
 */
export interface Patience {
  attempts: number;
  firstMs: number;
  lastMs: number;
}

export const defaultPatience: Patience = { attempts: 8, firstMs: 1_000, lastMs: 300_000 };

/** Commits that found something changed under them before the batch is made smaller. */
export const staleLimit = 3;

/** How long a start waits for its regions to be loaded before it goes on without them. */
export const startLimitMs = 30_000;

/** How long a stop waits for a database that may be gone. */
export const stopLimitMs = 12_000;
