/**
 * Finds what no transaction of ours leaves behind and is there all the same, after a fault or by a
 * hand in the tables: a state without its command, saga, hold or event, and these without their
 * state. It is repaired, or compensated where that cannot be, and counted either way.
 *
 *   look:  what is new by its id, and what is undecided, every second
 *   sweep: everything, a stretch of pages at a time, over and over
 *
 * Both only read, each in one snapshot, in which nothing in flight looks like an orphan. What they
 * find is a suspect: it is locked, looked at again, and mended in one transaction. Of several
 * workers the oldest does it; where two think that they are, the second finds nothing to mend.
 */
import { pollingLoop, type PollingLoop, type TurnResult } from '../../io/polling-loop.ts';
import { readStanding, type Standing } from '../../store/read/orphans-standing.ts';
import { refreshEpoch } from '../../store/write-epoch.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import { Repairs } from './repairs.ts';
import { recentSuspects, suspectsOnPages, type Suspect } from './suspects.ts';
import { Sweep } from './sweep.ts';

const turnPauseMs = 20;

export function reconcilerLoop(dependencies: WorkerDependencies): PollingLoop {
  const { hotDatabase, clock, epoch, identity, metrics, onCommitted } = dependencies;
  const config = dependencies.config.reconciler;
  const repairs = new Repairs(dependencies);
  const sweep = new Sweep({ clock, config }, (seconds) => metrics.reconcilerPass.set(seconds));
  let standing: Standing | undefined;
  let lookAtMs = 0;

  async function look(): Promise<void> {
    lookAtMs = clock.monotonicMs() + config.lookMs;
    standing = undefined;
    if (!epoch.writable()) await epoch.refresh();
    if (!epoch.writable()) return;
    const { processId } = identity;
    standing = await readStanding(hotDatabase, { processId, deepFrom: config.deepOutbox });
    if (standing.isFirst) await mend(await recentSuspects(dependencies, standing));
  }

  async function mend(suspects: readonly Suspect[]): Promise<void> {
    let tried = 0;
    for (const suspect of suspects) {
      // The rest is found again.
      if (tried === config.repairsPerTurn) break;
      if (await repairs.attempt(suspect)) tried += 1;
    }
    if (tried > 0) onCommitted?.();
  }

  async function turn(): Promise<TurnResult> {
    if (clock.monotonicMs() >= lookAtMs) await look();
    if (standing?.isFirst !== true) return 'some';
    const { total, idle } = hotDatabase.counts();
    const stretch = sweep.next(standing.pages, total > idle);
    if (stretch !== undefined) await mend(await suspectsOnPages(dependencies, standing, stretch));
    return 'some';
  }

  return pollingLoop({
    ...dependencies,
    name: 'worker-reconciler',
    busyPauseMs: turnPauseMs,
    recover: (error) => refreshEpoch(epoch, error),
    turn,
  });
}
