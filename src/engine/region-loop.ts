/**
 * Decides the commands of one region, as long as this process owns it:
 *
 *   take a batch -> decide (synchronous, on memory) -> one transaction -> publish to waiters
 *
 * One batch is in flight; the next is taken as soon as it is committed, so the batch grows with
 * the load and there is no timer. Undecided commands are found by state, so whatever the crash,
 * they are found again. A batch whose transaction failed is taken back in memory and decided again
 * on what is true then; where it is not known whether it happened (the connection broke at
 * commit), memory is dropped and loaded afresh. `BatchPolicy` keeps one bad command from holding
 * up more than its own appointment.
 *
 * The fence is the region's row: it matches only under our token, at our position and our version
 * of the catalogue, so neither another owner nor a late commit of our own nor a change by another
 * region can slip in between what we read and what we write.
 */
import type { Decision } from '../contract/engine-link.ts';
import type { PendingCommand } from '../domain/command.ts';
import { pollingLoop, type PollingLoop, type TurnResult } from '../io/polling-loop.ts';
import { commitDecisions } from '../store/write/decide.ts';
import type { RegionLease } from '../store/write/region-lease.ts';
import { announce } from './announce.ts';
import { BatchPolicy, type Setback } from './batch-policy.ts';
import { catalogueChange, isCatalogueOperation, type CatalogueChange } from './catalogue-change.ts';
import {
  applyCatalogue,
  commitCatalogue,
  handCatalogueOn,
  type CatalogueDecision,
  type CatalogueOutcome,
} from './commit-catalogue.ts';
import { commitFailure } from './commit-failure.ts';
import { busyPollMs, idlePollMs } from './config.ts';
import { regionOfChange } from './change-across-regions.ts';
import { revert } from './decide.ts';
import type { DecidedCommand } from './decision.ts';
import { decideBatch, UndecidableCommand } from './decide-batch.ts';
import type { EngineDependencies } from './dependencies.ts';
import { judgeCatalogue } from './judge-catalogue.ts';
import type { RegionState } from './placement/region-state.ts';
import { publicDecision } from './public-decision.ts';
import { RegionMemory } from './region-memory.ts';
import type { Siblings } from './siblings.ts';
import { takeBatch } from './take-batch.ts';

interface CommittedChange {
  change: CatalogueChange;
  outcome: CatalogueOutcome;
  commandId: string;
}

export class RegionLoop {
  readonly lease: RegionLease;
  readonly #needs: EngineDependencies;
  readonly #publish: (decision: Decision) => void;
  readonly #policy = new BatchPolicy();
  readonly #loop: PollingLoop;
  readonly #siblings: Siblings;
  readonly memory: RegionMemory;
  constructor(
    lease: RegionLease,
    needs: EngineDependencies,
    ties: { publish: (decision: Decision) => void; siblings: Siblings },
  ) {
    this.lease = lease;
    this.#needs = needs;
    this.#publish = ties.publish;
    this.#siblings = ties.siblings;
    this.memory = new RegionMemory(lease, needs);
    this.#loop = pollingLoop({
      ...needs,
      name: `engine ${lease.tenantId}/${lease.region}`,
      turn: () => this.#turn(),
      recover: (error) => this.#recover(error),
      busyPauseMs: busyPollMs,
      idlePauseMs: idlePollMs,
    });
  }

  /** Why it cannot decide, if so. Loading again after a failure takes a moment: no trouble. */
  trouble(): string | undefined {
    if (this.memory.lost) return undefined;
    if (!this.memory.everLoaded) return 'a region is being loaded';
    return this.#loop.failure();
  }

  start(): void {
    this.#loop.start();
  }

  wake(): void {
    this.#loop.wake();
  }

  /** Lets the batch in flight finish. */
  async stop(): Promise<void> {
    this.memory.giveUp();
    await this.#loop.stop();
  }

  async #turn(): Promise<TurnResult> {
    const state = await this.memory.ensure();
    if (state === undefined || !(await this.#mayWrite())) return 'none';
    await this.memory.prune();
    const rules = this.#policy.rules(this.#needs.clock.monotonicMs());
    const { batch, more } = await takeBatch(this.#needs.hotDatabase, this.lease, rules);
    const [first] = batch;
    if (first === undefined) {
      await this.memory.verifyWhenIdle();
      return 'none';
    }
    try {
      if (isCatalogueOperation(first.operation)) await this.#changeCatalogue(state, first);
      else await this.#decideTogether(state, batch);
    } catch (error) {
      return this.#afterFailure(error, batch);
    }
    this.#policy.succeeded(batch);
    return more ? 'full' : 'some';
  }

  #recover(error: unknown): Promise<void> {
    // A lost connection may also mean another server, which may know less than memory does.
    if (commitFailure(error) === 'unknown') this.memory.drop();
    return Promise.resolve();
  }

  /** While writes are closed nothing is decided; each look asks whether they are open again. */
  async #mayWrite(): Promise<boolean> {
    const { epoch } = this.#needs;
    if (!epoch.writable()) await epoch.refresh();
    return epoch.writable();
  }

  async #decideTogether(state: RegionState, batch: PendingCommand[]): Promise<void> {
    const { clock, random, failpoints, hotDatabase, metrics } = this.#needs;
    const now = clock.nowSeconds();
    const { region } = this.lease;
    const { decisions, ...rows } = decideBatch(state, batch, {
      region,
      contextOf: (index) => ({
        now,
        region,
        position: this.memory.position + index + 1,
        seed: random.seed(),
        sagaId: random.uuidV7(),
      }),
    });
    try {
      await failpoints.reach('engine.after-decide-before-commit');
      const stopTimer = metrics.commitSeconds.startTimer({ stage: 'decide' });
      await commitDecisions(hotDatabase, { ...this.#batchFrame(now, decisions.length), ...rows });
      stopTimer();
    } catch (error) {
      revert(state, decisions);
      throw error;
    }
    this.memory.advance(decisions.length);
    metrics.commitBatch.observe({ stage: 'decide' }, decisions.length);
    await failpoints.reach('engine.after-commit-before-memory');
    this.#siblings.recheck(rows.otherRegions);
    this.#announce(decisions.map(publicDecision), batch);
    if (decisions.some(concernsOthers)) this.#siblings.wake();
  }

  #batchFrame(now: number, count: number) {
    const { tenantId, region, token } = this.lease;
    const { position, catalogueVersion } = this.memory;
    return {
      epoch: this.#needs.epoch.current(),
      ...{ tenantId, region, token, catalogueVersion },
      lastPosition: position,
      newPosition: position + count,
      otherRegions: [],
      decidedNow: now,
      sagaDeadlineSeconds: this.#needs.config.sagaDeadlineSeconds,
    };
  }

  async #changeCatalogue(state: RegionState, command: PendingCommand): Promise<void> {
    const { clock, random, database, hotDatabase } = this.#needs;
    const now = clock.nowSeconds();
    const { region } = this.lease;
    const { change, judged, decider } = blaming(command, () => {
      const asked = catalogueChange(state, command);
      return {
        change: asked,
        decider: regionOfChange(state, asked, region),
        judged: judgeCatalogue(state, asked, { now, region }),
      };
    });
    const batch = this.#batchFrame(now, 1);
    const { id: commandId } = command;
    if (decider !== region) {
      await handCatalogueOn(hotDatabase, batch, { commandId, nextRegion: decider });
      this.memory.advance(1);
      this.#siblings.wake();
      return;
    }
    const decision: CatalogueDecision = { batch, commandId, seed: random.seed(), judged };
    const outcome = await database.transaction((queries) =>
      commitCatalogue(queries, change, decision),
    );
    this.memory.advance(1);
    if (!outcome.problem) this.#remember(state, { change, outcome, commandId });
    const { problem, result } = outcome;
    const told = { tenantId: command.tenantId, commandId };
    this.#announce(
      [problem ? { ...told, state: 'refused', problem } : { ...told, state: 'applied', result }],
      [command],
    );
  }

  /** Before anybody is told: availability must not know less than who asks for it. */
  #remember(state: RegionState, committed: CommittedChange): void {
    const { change, outcome, commandId } = committed;
    try {
      const own = outcome.versions?.get(this.lease.region);
      if (own !== undefined) this.memory.adopt(own, change);
      // What was known of the resource where it comes from must be read: its absences.
      else if (outcome.takenFrom !== undefined) this.memory.drop();
      else applyCatalogue(state, change, outcome);
    } catch (error) {
      this.#needs.log.error({ err: error, command_id: commandId }, 'change not in memory');
      this.memory.drop();
    }
    if (outcome.versions !== undefined) this.#siblings.adopt(outcome.versions, change);
    if (outcome.takenFrom !== undefined) this.#siblings.outdate(outcome.takenFrom);
  }

  /** What is known not to have happened is decided again; anything else is thrown on. */
  async #afterFailure(error: unknown, batch: PendingCommand[]): Promise<TurnResult> {
    if (error instanceof UndecidableCommand) {
      return this.#remedy('undecidable', error.cause, [error.command]);
    }
    const failure = commitFailure(error);
    switch (failure) {
      case 'unknown':
      case 'unavailable':
        throw error;
      case 'closed':
        await this.#needs.epoch.refresh();
        return 'some';
      case 'deposed':
        // Tells whether the region is another's, or memory is only older than the database.
        await this.memory.verify();
        return 'some';
      case 'stale':
      case 'overlap':
      case 'refused':
        return this.#remedy(failure, error, batch);
    }
  }

  #remedy(setback: Setback, error: unknown, batch: readonly PendingCommand[]): TurnResult {
    const { clock, log } = this.#needs;
    const remedy = this.#policy.failed(setback, batch, clock.monotonicMs());
    const facts = { ...this.#where(), setback, size: batch.length };
    if (remedy === 'set-aside') {
      const command_id = batch.map(({ id }) => id).join();
      log.error({ ...facts, err: error, command_id }, 'command set aside');
    } else if (setback !== 'stale') log.warn({ ...facts, remedy }, 'batch not committed');
    if (remedy === 'reload') this.memory.drop();
    return 'full';
  }

  #announce(decided: readonly (Decision | undefined)[], batch: readonly PendingCommand[]): void {
    announce({ ...this.#needs, publish: this.#publish }, decided, batch);
  }

  #where(): { tenant: string; region: string } {
    return { tenant: this.lease.tenantId, region: this.lease.region };
  }
}

/** A payload of another shape than ours makes the decision throw: that is the command's fault. */
function blaming<T>(command: PendingCommand, decideIt: () => T): T {
  try {
    return decideIt();
  } catch (error) {
    throw new UndecidableCommand(command, error);
  }
}

/** Something waits for it elsewhere: the command itself, or later ones of its appointment. */
function concernsOthers({ state, command, transitions }: DecidedCommand): boolean {
  if (state === 'handed-on' || command.regionsTried.length > 0) return true;
  return transitions.some(({ before, after }) => before.region !== after.region);
}
