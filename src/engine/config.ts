export interface EngineConfig {
  leaseSeconds: number;
  /** How long a saga may take before it is compensated. */
  sagaDeadlineSeconds: number;
}

/** Commands decided and committed together. */
export const batchSize = 128;

/**
 * How far one look goes for commands that can be decided, where most wait behind another of their
 * appointment: an appointment with fewer than this many commands holds up nobody else's.
 */
export const searchLimit = 2_048;

/** How often free regions are looked for: bounds how long a killed owner's region waits. */
export const acquireIntervalMs = 200;

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

/** A command that fails alone is tried again after the first of these, doubled up to the last. */
export const firstSetAsideMs = 1_000;
export const lastSetAsideMs = 300_000;

/** Commits that found something changed under them before the batch is made smaller. */
export const staleLimit = 3;

/** How long a start waits for its regions to be loaded before it goes on without them. */
export const startLimitMs = 30_000;

/** How long a stop waits for a database that may be gone. */
export const stopLimitMs = 12_000;
