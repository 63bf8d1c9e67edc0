import type { Decision } from '../contract/engine-link.ts';
import type { PendingCommand } from '../domain/command.ts';
import type { RegionLease } from '../store/write/region-lease.ts';
import type { EngineDependencies } from './dependencies.ts';
import type { RegionMemory } from './region-memory.ts';
import type { Siblings } from './siblings.ts';

/** What deciding a command that is alone in its transaction takes. */
export interface AloneParts {
  needs: EngineDependencies;
  lease: RegionLease;
  memory: RegionMemory;
  siblings: Siblings;
  /** Called after the commit. */
  announce: (decision: Decision, command: PendingCommand) => void;
}
