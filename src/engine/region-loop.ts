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
import type { AloneParts } from './alone-parts.ts';
import { announce } from './announce.ts';
import { batchFrame, type BatchFrame } from './batch-frame.ts';
import { BatchPolicy } from './batch-policy.ts';
import { isCatalogueOperation } from './catalogue-change.ts';
import { catalogueTurn } from './catalogue-turn.ts';
import { commitFailure } from './commit-failure.ts';
import { busyPollMs, hangLimitMs, idlePollMs } from './config.ts';
import { crashPoints } from './crash-points.ts';
import { revert } from './decide.ts';
import type { DecidedCommand } from './decision.ts';
import { decideBatch } from './decide-batch.ts';
import { ExpressQueue } from './express-queue.ts';
import { expressTurn, type ExpressParts } from './express-turn.ts';
import type { EngineDependencies } from './dependencies.ts';
import type { RegionState } from './placement/region-state.ts';
import { publicDecision } from './public-decision.ts';
import { recoverBatch } from './recover-batch.ts';
import { replanTurn } from './replan-turn.ts';
import { RegionMemory } from './region-memory.ts';
import type { Siblings } from './siblings.ts';
import { takeBatch } from './take-batch.ts';

export class RegionLoop {
  readonly lease: RegionLease;
  readonly #needs: EngineDependencies;
  readonly #publish: (decision: Decision) => void;
  readonly #policy: BatchPolicy;
  readonly #loop: PollingLoop;
  readonly #siblings: Siblings;
  readonly memory: RegionMemory;
  /** Create requests of this process on their way past the commands. */
  readonly express: ExpressQueue;
  #looks = true;
  #lookAtMs = 0;

  constructor(
    lease: RegionLease,
    needs: EngineDependencies,
    ties: { publish: (decision: Decision) => void; siblings: Siblings },
  ) {
    this.lease = lease;
    this.#needs = needs;
    this.#publish = ties.publish;
    this.#siblings = ties.siblings;
    this.#policy = new BatchPolicy(needs.config.patience);
    this.memory = new RegionMemory(lease, needs);
    this.express = new ExpressQueue(needs.clock, () => this.#loop.wake());
    this.#loop = pollingLoop({
      ...needs,
      name: `engine ${lease.tenantId}/${lease.region}`,
      turn: () => this.#turn(),
      recover: (error) => this.#recover(error),
      busyPauseMs: busyPollMs,
      idlePauseMs: idlePollMs,
      // Two turns on one memory would not do: who hangs is followed by another loop.
      turnLimitMs: Infinity,
    });
  }

  /** Why it cannot decide, if so. Loading takes a moment: no trouble. */
  trouble(): string | undefined {
    return this.memory.lost ? undefined : this.#loop.failure();
  }

  /** Whether the region has yet to be in memory for the first time. */
  isLoading(): boolean {
    return !this.memory.lost && !this.memory.everLoaded;
  }

  start(): void {
    this.#loop.start();
  }

  /** Whether it stands still, and should be made up for under a new token. */
  hangs(): boolean {
    return this.#loop.busyForMs() > hangLimitMs;
  }

  /** Says that commands were committed. */
  wake(): void {
    this.#looks = true;
    this.#loop.wake();
  }

  /** Lets the batch in flight finish. */
  async stop(): Promise<void> {
    this.memory.giveUp();
    await this.#loop.stop();
    this.express.sendElsewhere();
  }

  /** Commands come first: they were accepted before what waits in memory. */
  async #turn(): Promise<TurnResult> {
    if (this.memory.presentable === undefined) this.express.sendElsewhere();
    const state = await this.memory.ensure();
    if (state === undefined || !(await this.#mayWrite())) return 'none';
    await this.memory.prune();
    const result = this.#isTimeToLook() ? await this.#decidePending(state) : 'none';
    if (this.memory.state !== state) return 'full';
    await expressTurn(this.#expressParts(), state);
    return this.express.size > 0 ? 'full' : result;
  }

  /** While requests come in memory, commands of other processes are looked for at times only. */
  #isTimeToLook(): boolean {
    const nowMs = this.#needs.clock.monotonicMs();
    if (!this.#looks && this.express.size > 0 && nowMs < this.#lookAtMs) return false;
    this.#looks = false;
    this.#lookAtMs = nowMs + busyPollMs;
    return true;
  }

  async #decidePending(state: RegionState): Promise<TurnResult> {
    const rules = this.#policy.rules(this.#needs.clock.monotonicMs());
    const { batch, more } = await takeBatch(this.#needs.hotDatabase, this.lease, rules);
    const [first] = batch;
    if (first === undefined) {
      await this.memory.verifyWhenIdle();
      return 'none';
    }
    if (more) this.#looks = true;
    try {
      if (isCatalogueOperation(first.operation))
        await catalogueTurn(this.#aloneParts(), state, first);
      else if (first.operation === 'replan') await replanTurn(this.#aloneParts(), state, first);
      else await this.#decideTogether(state, batch);
    } catch (error) {
      return recoverBatch({ ...this.#aloneParts(), policy: this.#policy }, error, batch);
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
    const { clock, random, hotDatabase, metrics } = this.#needs;
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
      await crashPoints.afterDecide(this.#needs);
      const stopTimer = metrics.commitSeconds.startTimer({ stage: 'decide' });
      await commitDecisions(hotDatabase, { ...this.#batchFrame(now, decisions.length), ...rows });
      stopTimer();
    } catch (error) {
      revert(state, decisions);
      throw error;
    }
    this.memory.advance(decisions.length);
    metrics.commitBatch.observe({ stage: 'decide' }, decisions.length);
    await crashPoints.afterCommit(this.#needs);
    if (decisions.some(({ state: outcome }) => outcome === 'handed-on')) {
      await crashPoints.afterHandOn(this.#needs);
    }
    if (rows.otherRegions.length > 0) await crashPoints.afterCrossRegionCommit(this.#needs);
    this.#siblings.recheck(rows.otherRegions);
    this.#announce(decisions.map(publicDecision), batch);
    if (decisions.some(concernsOthers)) this.#siblings.wake();
  }

  #batchFrame(now: number, count: number): BatchFrame {
    return batchFrame({ ...this.#needs, lease: this.lease, memory: this.memory }, now, count);
  }

  #aloneParts(): AloneParts {
    return {
      needs: this.#needs,
      lease: this.lease,
      memory: this.memory,
      siblings: this.#siblings,
      announce: (decision, command) => this.#announce([decision], [command]),
    };
  }

  #expressParts(): ExpressParts {
    return {
      needs: this.#needs,
      lease: this.lease,
      memory: this.memory,
      queue: this.express,
      announce: (decisions) =>
        this.#announce(
          decisions.map(publicDecision),
          decisions.map(({ command }) => command),
        ),
    };
  }

  #announce(decided: readonly (Decision | undefined)[], batch: readonly PendingCommand[]): void {
    announce({ ...this.#needs, publish: this.#publish }, decided, batch);
  }
}

/** Something waits for it elsewhere: the command itself, or later ones of its appointment. */
function concernsOthers({ state, command, transitions }: DecidedCommand): boolean {
  if (state === 'handed-on' || command.regionsTried.length > 0) return true;
  return transitions.some(({ before, after }) => before.region !== after.region);
}
