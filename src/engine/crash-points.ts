import type { Failpoints } from '../io/failpoints.ts';

interface Needs {
  failpoints: Failpoints;
}

/** Where the engine can be made to die, with what is held at that moment. */
export const crashPoints = {
  /** Decisions that memory has and the database has not. */
  afterDecide: ({ failpoints }: Needs) => failpoints.reach('engine.after-decide-before-commit'),

  /** Decisions that are durable, of which neither their waiters nor other roles have heard. */
  afterCommit: ({ failpoints }: Needs) => failpoints.reach('engine.after-commit-before-memory'),

  /** Commands that are another region's now, whose owner has not been told. */
  afterHandOn: ({ failpoints }: Needs) => failpoints.reach('engine.after-hand-on-before-memory'),

  /** Holds freed in another region, whose owner still has them in memory. */
  afterCrossRegionCommit: ({ failpoints }: Needs) =>
    failpoints.reach('engine.after-cross-region-commit-before-memory'),

  /** A resource that has left its region and come to ours, uncommitted, both regions locked. */
  beforeResourceMoveCommit: ({ failpoints }: Needs) =>
    failpoints.reach('engine.before-resource-move-commit'),

  /** A resource that is ours, although we and the region it has left do not know it. */
  afterResourceMove: ({ failpoints }: Needs) =>
    failpoints.reach('engine.after-resource-move-before-memory'),

  /** A change that another region is to make, whose owner has not been told. */
  afterCatalogueHandOn: ({ failpoints }: Needs) =>
    failpoints.reach('engine.after-catalogue-hand-on-before-memory'),

  /** A region in memory that another process has; its loop still runs. */
  leaseLost: ({ failpoints }: Needs) => failpoints.reach('engine.lease-lost'),
};
