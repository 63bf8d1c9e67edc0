import type { DecideBatch } from '../store/write/decide.ts';
import type { RegionLease } from '../store/write/region-lease.ts';
import type { EngineDependencies } from './dependencies.ts';
import type { RegionMemory } from './region-memory.ts';

/** What every commit of a region's owner says of who decides, on what, and when. */
export type BatchFrame = Omit<DecideBatch, 'transitions' | 'commands'>;

/** The frame of a batch of `count` decisions made at `now` (epoch seconds). */
export function batchFrame(
  {
    epoch,
    config,
    lease: { tenantId, region, token },
    memory: { position, catalogueVersion },
  }: Pick<EngineDependencies, 'epoch' | 'config'> & { lease: RegionLease; memory: RegionMemory },
  now: number,
  count: number,
): BatchFrame {
  return {
    epoch: epoch.current(),
    ...{ tenantId, region, token, catalogueVersion },
    lastPosition: position,
    newPosition: position + count,
    otherRegions: [],
    decidedNow: now,
    sagaDeadlineSeconds: config.sagaDeadlineSeconds,
  };
}
