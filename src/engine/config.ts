export interface EngineConfig {
  leaseSeconds: number;
  /** How long a saga may take before it is compensated. */
  sagaDeadlineSeconds: number;
}

/** Commands decided and committed together. */
export const batchSize = 128;

/** How often free regions are looked for: bounds how long a killed owner's region waits. */
export const acquireIntervalMs = 200;

/** How often undecided commands of other processes are looked for, while busy and when idle. */
export const busyPollMs = 20;
export const idlePollMs = 250;

/** Holds that ended longer ago cannot meet a new booking, whose slot ends in the future. */
export const holdHorizonSeconds = 2 * 86_400;

/** A command that fails on its own, for reasons nobody foresaw, is tried again this much later. */
export const setAsideMs = 10_000;

/** How long a start waits for its regions to be loaded before it goes on without them. */
export const startLimitMs = 30_000;
