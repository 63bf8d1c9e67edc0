import type { Absence } from '../domain/catalogue.ts';
import type { PendingCommand } from '../domain/command.ts';
import { writeAbsence } from '../store/write/absences.ts';
import { commitDecisions } from '../store/write/decide.ts';
import type { AloneParts } from './alone-parts.ts';
import { batchFrame } from './batch-frame.ts';
import { crashPoints } from './crash-points.ts';
import { revert } from './decide.ts';
import { decideBatch, UndecidableCommand, type DecidedBatch } from './decide-batch.ts';
import type { ReplanPayload } from './decide-replan.ts';
import type { RegionState } from './placement/region-state.ts';
import { publicDecision } from './public-decision.ts';

/**
 * Decides what becomes of a booking that a calendar will not have, alone: the busy time that stood
 * in its way is noted first and committed with the decision, so that nobody else is sent there.
 */
export async function replanTurn(
  parts: AloneParts,
  state: RegionState,
  command: PendingCommand,
): Promise<void> {
  const { needs, lease, memory, siblings, announce } = parts;
  const now = needs.clock.nowSeconds();
  const absences = newAbsences(state, command);
  for (const absence of absences) state.putAbsence(absence);
  let decided: DecidedBatch | undefined;
  try {
    decided = decideIt(parts, { state, command, now });
    const { transitions, commands, otherRegions } = decided;
    await crashPoints.afterDecide(needs);
    const frame = batchFrame({ ...needs, lease, memory }, now, 1);
    const batch = { ...frame, transitions, commands, otherRegions };
    await needs.database.transaction(async (queries) => {
      for (const absence of absences) {
        await writeAbsence(queries, lease.tenantId, { ...absence, reason: null });
      }
      await commitDecisions(queries, batch);
    });
  } catch (error) {
    revert(state, decided?.decisions ?? []);
    for (const { id } of absences) state.removeAbsence(id);
    throw error;
  }
  memory.advance(1);
  await crashPoints.afterCommit(needs);
  siblings.recheck(decided.otherRegions);
  const [decision] = decided.decisions.map(publicDecision);
  if (decision === undefined) siblings.wake();
  else announce(decision, command);
}

function decideIt(
  { needs: { random }, lease, memory }: AloneParts,
  { state, command, now }: { state: RegionState; command: PendingCommand; now: number },
): DecidedBatch {
  const { region } = lease;
  return decideBatch(state, [command], {
    region,
    contextOf: () => ({
      ...{ now, region, position: memory.position + 1 },
      ...{ seed: random.seed(), sagaId: random.uuidV7() },
    }),
  });
}

/** What is busy and was not known to be. */
function newAbsences(state: RegionState, command: PendingCommand): Absence[] {
  try {
    const { resourceId, busy } = command.payload as ReplanPayload;
    const resource = state.resources.get(resourceId);
    if (resource === undefined) return [];
    const known = [...resource.absences.values()].filter(({ source }) => source === 'calendar');
    return busy
      .filter(({ start, end }) => !known.some((one) => one.start === start && one.end === end))
      .map(({ id, start, end }) => ({ id, resourceId, start, end, source: 'calendar' as const }));
  } catch (error) {
    throw new UndecidableCommand(command, error);
  }
}
