export interface ReconcilerConfig {
  /** What changed later than this is passed over. */
  graceSeconds: number;
  /** Between looks at what is new and at undecided commands. */
  lookMs: number;
  /** What counts as new, by id, and how much of it is looked at in one look. */
  recentSeconds: number;
  recentLimit: number;
  /** Undecided commands that are looked at, of each region. */
  commandLimit: number;
  /** From so many rows on the outbox is too deep to be searched for each missing event. */
  deepOutbox: number;
  /** Pages that one turn of the sweep reads. */
  pagesPerTurn: Record<'appointments' | 'slot_holds' | 'sagas', number>;
  /** A pass through the tables takes at least so long, and so long for each page. */
  passMs: number;
  msPerPage: number;
  /**
   * Above so many pages of appointments (about 200,000 of them) a pass cannot be both quick and
   * cheap. Then, and while the process has other work, it takes its time.
   */
  largePages: number;
  gentleMsPerPage: number;
  /** History, which nothing but a missing row could tell of, is looked at in every nth pass. */
  passesPerHistory: number;
  /** Orphans that one turn repairs, and how long a repair waits for a lock of others. */
  repairsPerTurn: number;
  lockWaitMs: number;
  /** When what could not be repaired is tried again, and how many such are remembered. */
  retryMs: number;
  setAsideLimit: number;
}

export const defaultReconcilerConfig: ReconcilerConfig = {
  graceSeconds: 2,
  lookMs: 1_000,
  recentSeconds: 600,
  recentLimit: 1_000,
  commandLimit: 50,
  deepOutbox: 5_000,
  pagesPerTurn: { appointments: 128, slot_holds: 128, sagas: 512 },
  passMs: 1_500,
  msPerPage: 0.35,
  largePages: 8_192,
  gentleMsPerPage: 2,
  passesPerHistory: 10,
  repairsPerTurn: 100,
  lockWaitMs: 500,
  retryMs: 600_000,
  setAsideLimit: 10_000,
};
