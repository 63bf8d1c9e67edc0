import type { PendingCommand } from '../domain/command.ts';
import { findRegionOf } from '../store/read/region.ts';
import type { AloneParts } from './alone-parts.ts';
import { batchFrame, type BatchFrame } from './batch-frame.ts';
import { catalogueChange, presupposedResource, type CatalogueChange } from './catalogue-change.ts';
import { regionOfChange } from './change-across-regions.ts';
import {
  applyCatalogue,
  commitCatalogue,
  handCatalogueOn,
  type CatalogueDecision,
  type CatalogueOutcome,
} from './commit-catalogue.ts';
import { crashPoints } from './crash-points.ts';
import { UndecidableCommand } from './decide-batch.ts';
import { judgeCatalogue } from './judge-catalogue.ts';
import type { RegionState } from './placement/region-state.ts';

/** Decides one change of the catalogue, or hands it on to the region that must. */
export async function catalogueTurn(
  parts: AloneParts,
  state: RegionState,
  command: PendingCommand,
): Promise<void> {
  const { needs, lease, memory, announce } = parts;
  const { clock, random, database } = needs;
  const { region } = lease;
  const elsewhere = await regionOfResource(parts, state, command);
  // From here to the commit nothing is waited for: it is decided on memory as the fence has it.
  const now = clock.nowSeconds();
  const { change, judged, decider } = blaming(command, () => {
    const asked = catalogueChange(state, command);
    return {
      change: asked,
      decider: elsewhere ?? regionOfChange(state, asked, region),
      judged: judgeCatalogue(state, asked, { now, region }),
    };
  });
  const batch = batchFrame({ ...needs, lease, memory }, now, 1);
  const { id: commandId, tenantId } = command;
  if (decider !== region) return passOn(parts, { batch, commandId, nextRegion: decider });
  const decision: CatalogueDecision = { batch, commandId, seed: random.seed(), judged };
  const outcome = await database.transaction(async (queries) => {
    const made = await commitCatalogue(queries, change, decision);
    if (made.takenFrom !== undefined) await crashPoints.beforeResourceMoveCommit(needs);
    return made;
  });
  memory.advance(1);
  if (outcome.takenFrom !== undefined) await crashPoints.afterResourceMove(needs);
  const { problem, result } = outcome;
  if (!problem) remember(parts, state, { change, outcome, commandId });
  const told = { tenantId, commandId };
  announce(
    problem ? { ...told, state: 'refused', problem } : { ...told, state: 'applied', result },
    command,
  );
}

/** Where the resource is that the command takes for ours, if it has gone to another region. */
async function regionOfResource(
  { needs: { database } }: AloneParts,
  state: RegionState,
  command: PendingCommand,
): Promise<string | undefined> {
  const id = blaming(command, () => presupposedResource(command));
  if (id === undefined || state.resources.has(id)) return undefined;
  return findRegionOf(database, { tenantId: command.tenantId, id });
}

async function passOn(
  { needs, memory, siblings }: AloneParts,
  { batch, ...handedOn }: { batch: BatchFrame; commandId: string; nextRegion: string },
): Promise<void> {
  await handCatalogueOn(needs.hotDatabase, batch, handedOn);
  memory.advance(1);
  await crashPoints.afterCatalogueHandOn(needs);
  siblings.wake();
}

interface CommittedChange {
  change: CatalogueChange;
  outcome: CatalogueOutcome;
  commandId: string;
}

/** Before anybody is told: availability must not know less than who asks for it. */
function remember(
  { needs: { log }, lease, memory, siblings }: AloneParts,
  state: RegionState,
  { change, outcome, commandId }: CommittedChange,
): void {
  try {
    const own = outcome.versions?.get(lease.region);
    if (own !== undefined) memory.adopt(own, change);
    // What was known of the resource where it comes from must be read: its absences.
    else if (outcome.takenFrom !== undefined) memory.drop();
    else applyCatalogue(state, change, outcome);
  } catch (error) {
    log.error({ err: error, command_id: commandId }, 'change not in memory');
    memory.drop();
  }
  if (outcome.versions !== undefined) siblings.adopt(outcome.versions, change);
  if (outcome.takenFrom !== undefined) siblings.outdate(outcome.takenFrom);
}

/** A payload of another shape than ours makes the decision throw: that is the command's fault. */
function blaming<T>(command: PendingCommand, decideIt: () => T): T {
  try {
    return decideIt();
  } catch (error) {
    throw new UndecidableCommand(command, error);
  }
}
