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
 * The fence is the region's row: it matches only under our token and at our position, so neither
 * another owner nor a late commit of our own can slip in between what we read and what we write.
 */
import type { Decision } from '../contract/engine-link.ts';
import type { PendingCommand } from '../domain/command.ts';
import { pollingLoop, type PollingLoop, type TurnResult } from '../io/polling-loop.ts';
import { commitDecisions } from '../store/write/decide.ts';
import { readPosition, type RegionLease } from '../store/write/region-lease.ts';
import { announce } from './announce.ts';
import { BatchPolicy, type Setback } from './batch-policy.ts';
import { catalogueChange, isCatalogueOperation } from './catalogue-change.ts';
import { applyCatalogue, commitCatalogue, type CatalogueDecision } from './commit-catalogue.ts';
import { commitFailure } from './commit-failure.ts';
import { busyPollMs, idlePollMs, pruneIntervalMs } from './config.ts';
import { revert } from './decide.ts';
import { decideBatch, UndecidableCommand } from './decide-batch.ts';
import type { EngineDependencies } from './dependencies.ts';
import { holdHorizon, pruneHolds } from './hold-horizon.ts';
import { judgeCatalogue } from './judge-catalogue.ts';
import { loadRegion } from './load-region.ts';
import type { RegionState } from './placement/region-state.ts';
import { publicDecision } from './public-decision.ts';
import { takeBatch } from './take-batch.ts';

export class RegionLoop {
  readonly lease: RegionLease;
  readonly #needs: EngineDependencies;
  readonly #publish: (decision: Decision) => void;
  readonly #policy = new BatchPolicy();
  readonly #loop: PollingLoop;
  readonly #firstLoad = Promise.withResolvers<void>();
  #state: RegionState | undefined;
  #position = 0;
  #lost = false;
  #everLoaded = false;
  #pruneAtMs = 0;

  constructor(
    lease: RegionLease,
    needs: EngineDependencies,
    publish: (decision: Decision) => void,
  ) {
    this.lease = lease;
    this.#needs = needs;
    this.#publish = publish;
    this.#loop = pollingLoop({
      ...needs,
      name: `engine ${lease.tenantId}/${lease.region}`,
      turn: () => this.#turn(),
      recover: (error) => this.#recover(error),
      busyPauseMs: busyPollMs,
      idlePauseMs: idlePollMs,
    });
  }

  /** The region in memory, or undefined while it is being loaded. */
  get state(): RegionState | undefined {
    return this.#state;
  }

  /** True once a statement found that another process owns the region. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Resolves once the region is in memory, or will not be. */
  get loaded(): Promise<void> {
    return this.#firstLoad.promise;
  }

  /** Why it cannot decide, if so. Loading again after a failure takes a moment: no trouble. */
  trouble(): string | undefined {
    if (this.#lost) return undefined;
    if (!this.#everLoaded) return 'a region is being loaded';
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
    this.#firstLoad.resolve();
    await this.#loop.stop();
  }

  async #turn(): Promise<TurnResult> {
    if (this.#lost) return 'none';
    if (this.#state === undefined) await this.#load();
    if (this.#state === undefined || !(await this.#mayWrite())) return 'none';
    await this.#prune(this.#state);
    const rules = this.#policy.rules(this.#needs.clock.monotonicMs());
    const { batch, more } = await takeBatch(this.#needs.hotDatabase, this.lease, rules);
    const [first] = batch;
    if (first === undefined) return 'none';
    try {
      if (isCatalogueOperation(first.operation)) await this.#changeCatalogue(this.#state, first);
      else await this.#decideTogether(this.#state, batch);
    } catch (error) {
      return this.#afterFailure(error, batch);
    }
    this.#policy.succeeded(batch);
    return more ? 'full' : 'some';
  }

  #recover(error: unknown): Promise<void> {
    // A lost connection may also mean another server, which may know less than memory does.
    if (commitFailure(error) === 'unknown') this.#state = undefined;
    return Promise.resolve();
  }

  async #load(): Promise<void> {
    const { hotDatabase, database, clock, log } = this.#needs;
    const startedMs = clock.monotonicMs();
    const position = await readPosition(hotDatabase, this.lease);
    if (position === undefined) {
      this.#lost = true;
      this.#firstLoad.resolve();
      return;
    }
    const { state, strays } = await loadRegion(database, this.lease, clock.nowSeconds());
    this.#state = state;
    this.#position = position;
    this.#everLoaded = true;
    this.#pruneAtMs = clock.monotonicMs() + pruneIntervalMs;
    this.#firstLoad.resolve();
    const where = this.#where();
    if (strays.length > 0) log.error({ ...where, strays: strays.slice(0, 10) }, 'holds on no lane');
    const ms = Math.round(clock.monotonicMs() - startedMs);
    log.info({ ...where, ms, holds: state.holds.size }, 'region loaded');
  }

  /** While writes are closed nothing is decided; each look asks whether they are open again. */
  async #mayWrite(): Promise<boolean> {
    const { epoch } = this.#needs;
    if (!epoch.writable()) await epoch.refresh();
    return epoch.writable();
  }

  async #prune(state: RegionState): Promise<void> {
    const { database, clock } = this.#needs;
    if (clock.monotonicMs() < this.#pruneAtMs) return;
    this.#pruneAtMs = clock.monotonicMs() + pruneIntervalMs;
    pruneHolds(state, await holdHorizon(database, this.lease, clock.nowSeconds()));
  }

  async #decideTogether(state: RegionState, batch: PendingCommand[]): Promise<void> {
    const { clock, random, failpoints, hotDatabase, metrics } = this.#needs;
    const now = clock.nowSeconds();
    const { decisions, transitions, commands } = decideBatch(state, batch, {
      region: this.lease.region,
      contextOf: (index) => ({
        now,
        position: this.#position + index + 1,
        seed: random.seed(),
        sagaId: random.uuidV7(),
      }),
    });
    try {
      await failpoints.reach('engine.after-decide-before-commit');
      const stopTimer = metrics.commitSeconds.startTimer({ stage: 'decide' });
      const frame = this.#batchFrame(now, decisions.length);
      await commitDecisions(hotDatabase, { ...frame, transitions, commands });
      stopTimer();
    } catch (error) {
      revert(state, decisions);
      throw error;
    }
    this.#position += decisions.length;
    metrics.commitBatch.observe({ stage: 'decide' }, decisions.length);
    await failpoints.reach('engine.after-commit-before-memory');
    this.#announce(decisions.map(publicDecision), batch);
  }

  #batchFrame(now: number, count: number) {
    const { tenantId, region, token } = this.lease;
    return {
      epoch: this.#needs.epoch.current(),
      tenantId,
      region,
      token,
      lastPosition: this.#position,
      newPosition: this.#position + count,
      decidedNow: now,
      sagaDeadlineSeconds: this.#needs.config.sagaDeadlineSeconds,
    };
  }

  async #changeCatalogue(state: RegionState, command: PendingCommand): Promise<void> {
    const { clock, random, database } = this.#needs;
    const now = clock.nowSeconds();
    const { region } = this.lease;
    const { change, judged } = blaming(command, () => {
      const asked = catalogueChange(state, command);
      return { change: asked, judged: judgeCatalogue(state, asked, { now, region }) };
    });
    const decision: CatalogueDecision = {
      batch: this.#batchFrame(now, 1),
      commandId: command.id,
      seed: random.seed(),
      judged,
    };
    const outcome = await database.transaction((queries) =>
      commitCatalogue(queries, change, decision),
    );
    this.#position += 1;
    try {
      if (!judged.problem) applyCatalogue(state, change, outcome);
    } catch (error) {
      this.#needs.log.error({ err: error, command_id: command.id }, 'change not in memory');
      this.#state = undefined;
    }
    const told = { tenantId: command.tenantId, commandId: command.id };
    this.#announce(
      judged.problem
        ? [{ ...told, state: 'refused', problem: judged.problem }]
        : [{ ...told, state: 'applied', result: outcome.result }],
      [command],
    );
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
        // Loading tells whether the region is another's, or only the position is not ours.
        this.#state = undefined;
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
    if (remedy === 'reload') this.#state = undefined;
    return 'full';
  }

  #announce(decided: readonly Decision[], batch: readonly PendingCommand[]): void {
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
