import type { ProblemDocument } from '../contract/problem.ts';
import type { Resource } from '../domain/catalogue.ts';
import type { Queries } from '../io/postgres.ts';
import {
  bumpCatalogueVersion,
  writeLocation,
  writeResource,
  writeServiceType,
} from '../store/write/catalogue.ts';
import { commitDecisions, type DecideBatch } from '../store/write/decide.ts';
import type { CatalogueChange } from './decide-catalogue.ts';
import type { RegionState } from './placement/region-state.ts';

export interface CatalogueOutcome {
  created: boolean;
  /** The lanes of a resource that was written. */
  lanes?: number[];
}

/** The decision's own row and fence, without the result, which is known only after the write. */
export interface CatalogueDecision {
  batch: Omit<DecideBatch, 'commands' | 'transitions'>;
  commandId: string;
  seed: number;
  problem: ProblemDocument | undefined;
}

/** Writes the change and its decision, inside the caller's transaction. */
export async function commitCatalogue(
  queries: Queries,
  change: CatalogueChange,
  decision: CatalogueDecision,
): Promise<CatalogueOutcome> {
  const { batch, commandId, seed, problem } = decision;
  let outcome: CatalogueOutcome = { created: false };
  if (problem === undefined) {
    outcome = await writeChange(queries, batch, change);
    await bumpCatalogueVersion(queries, batch.tenantId);
  }
  const command = {
    command_id: commandId,
    state: problem === undefined ? ('applied' as const) : ('refused' as const),
    problem: problem ?? null,
    result: { created: outcome.created },
    position: batch.newPosition,
    seed,
  };
  await commitDecisions(queries, { ...batch, transitions: [], commands: [command] });
  return outcome;
}

async function writeChange(
  queries: Queries,
  { tenantId, region }: { tenantId: string; region: string },
  change: CatalogueChange,
): Promise<CatalogueOutcome> {
  switch (change.kind) {
    case 'service-type':
      return { created: await writeServiceType(queries, tenantId, change.serviceType) };
    case 'location':
      return { created: await writeLocation(queries, tenantId, change.location) };
    case 'resource':
      return writeResource(queries, { tenantId, region }, change.resource);
  }
}

/** Brings memory up to date with what has been committed. */
export function applyCatalogue(
  state: RegionState,
  change: CatalogueChange,
  outcome: CatalogueOutcome,
): void {
  switch (change.kind) {
    case 'service-type':
      state.putServiceType(change.serviceType);
      return;
    case 'location':
      state.putLocation(change.location);
      return;
    case 'resource':
      state.putResource({ ...change.resource, lanes: outcome.lanes ?? [] } satisfies Resource);
  }
}
