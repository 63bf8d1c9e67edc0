import type { ProblemDocument } from '../contract/problem.ts';
import type { CatalogueResult } from '../contract/repairs.ts';
import type { Queries } from '../io/postgres.ts';
import { endAbsence, writeAbsence } from '../store/write/absences.ts';
import {
  bumpCatalogueVersion,
  writeLocation,
  writeResource,
  writeServiceType,
} from '../store/write/catalogue.ts';
import { auditCatalogueCommand } from '../store/write/audit-catalogue.ts';
import { commitDecisions, type DecideBatch } from '../store/write/decide.ts';
import { bumpRegionCatalogues } from '../store/write/lock-regions.ts';
import type { CatalogueChange } from './catalogue-change.ts';
import type { Judgement } from './judge-catalogue.ts';
import { changeAcrossRegions, isShared } from './change-across-regions.ts';
import type { RegionState } from './placement/region-state.ts';

/** The decision's own row and fence, without the result, which is known only after the write. */
export interface CatalogueDecision {
  batch: Omit<DecideBatch, 'commands' | 'transitions'>;
  commandId: string;
  seed: number;
  judged: Judgement;
}

export interface CatalogueOutcome {
  result: CatalogueResult;
  problem?: ProblemDocument;
  /** The lanes of a resource that was written. */
  lanes?: number[];
  /** The new version of the catalogue by region, where it has changed for all of them. */
  versions?: ReadonlyMap<string, number>;
  /** The region that a resource has been taken from. */
  takenFrom?: string;
}

interface Written {
  created?: boolean;
  lanes?: number[];
}

/** Writes the change and its decision, inside the caller's transaction. */
export async function commitCatalogue(
  queries: Queries,
  change: CatalogueChange,
  { batch, commandId, seed, judged }: CatalogueDecision,
): Promise<CatalogueOutcome> {
  const across = await changeAcrossRegions(queries, change, { batch, judged });
  const { problem, repairs } = across.judged;
  const { created, lanes }: Written = problem ? {} : await writeChange(queries, batch, change);
  const versions =
    !problem && isShared(change) ? await bumpRegionCatalogues(queries, batch.tenantId) : undefined;
  if (!problem) {
    await bumpCatalogueVersion(queries, batch.tenantId);
    await auditCatalogueCommand(queries, batch.tenantId, commandId);
  }
  const result = { ...repairs, ...(created !== undefined && { created }) };
  const command = {
    command_id: commandId,
    state: problem ? ('refused' as const) : ('applied' as const),
    next_region: null,
    payload: null,
    problem: problem ?? null,
    result,
    position: batch.newPosition,
    seed,
  };
  await commitDecisions(queries, {
    ...batch,
    // Our own bump is the only one since the decision was made.
    catalogueVersion: batch.catalogueVersion + (versions === undefined ? 0 : 1),
    transitions: [],
    commands: [command],
  });
  const { takenFrom } = across;
  return {
    result,
    ...(problem && { problem }),
    ...(lanes && { lanes }),
    ...(versions && { versions }),
    ...(takenFrom !== undefined && { takenFrom }),
  };
}

/** Leaves a change to the region that has what it is about. */
export async function handCatalogueOn(
  queries: Queries,
  batch: CatalogueDecision['batch'],
  { commandId, nextRegion }: { commandId: string; nextRegion: string },
): Promise<void> {
  const command = {
    command_id: commandId,
    state: 'pending' as const,
    next_region: nextRegion,
    ...{ payload: null, problem: null, result: null, position: batch.newPosition, seed: 0 },
  };
  await commitDecisions(queries, { ...batch, transitions: [], commands: [command] });
}

async function writeChange(
  queries: Queries,
  { tenantId, region }: { tenantId: string; region: string },
  change: CatalogueChange,
): Promise<Written> {
  switch (change.kind) {
    case 'service-type':
      return { created: await writeServiceType(queries, tenantId, change.serviceType) };
    case 'location':
      return { created: await writeLocation(queries, tenantId, change.location) };
    case 'resource':
      return writeResource(queries, { tenantId, region }, change.resource);
    case 'absence':
      await writeAbsence(queries, tenantId, { ...change.absence, reason: change.reason });
      return {};
    case 'no-absence':
      await endAbsence(queries, tenantId, change.absenceId);
      return {};
    case 'nothing':
      return {};
  }
}

/** Brings memory up to date with what has been committed. */
export function applyCatalogue(
  state: RegionState,
  change: CatalogueChange,
  { lanes = [] }: Pick<CatalogueOutcome, 'lanes'>,
): void {
  switch (change.kind) {
    case 'service-type':
      state.putServiceType(change.serviceType);
      return;
    case 'location':
      state.putLocation(change.location);
      return;
    case 'resource':
      state.putResource({ ...change.resource, lanes });
      return;
    case 'absence':
      state.putAbsence(change.absence);
      return;
    case 'no-absence':
      state.removeAbsence(change.absenceId);
      return;
    case 'nothing':
      return;
  }
}
