/**
 * Decides the commands of one region, as long as this process owns it:
 *
 *   take a batch -> decide (synchronous, on memory) -> one transaction -> publish to waiters
 *
 * One batch is in flight; the next is taken as soon as it is committed, so the batch grows with
 * the load and there is no timer. Undecided commands are found by state, so whatever the crash,
 * they are found again. A batch whose transaction fails is taken back in memory and decided again
 * on what is true then; if that is not known (the connection broke at commit), memory is dropped
 * and loaded afresh. A batch that fails as a whole is decided command by command, so that one bad
 * command holds up nothing but its own appointment.
 */
import type { Decision } from '../contract/engine-link.ts';
import type { PendingCommand } from '../domain/command.ts';
import { pollingLoop, type PollingLoop, type TurnResult } from '../io/polling-loop.ts';
import { isTransient, isUnavailable, sqlState } from '../io/postgres.ts';
import { findPendingCommands } from '../store/read/pending-commands.ts';
import { isEpochOver } from '../store/write-epoch.ts';
import { commitDecisions, fenceLostState, staleDecisionState } from '../store/write/decide.ts';
import { readPosition, type RegionLease } from '../store/write/region-lease.ts';
import { applyCatalogue, commitCatalogue } from './commit-catalogue.ts';
import { batchSize, busyPollMs, idlePollMs, setAsideMs } from './config.ts';
import { decide, revert } from './decide.ts';
import { catalogueChange, catalogueObjection, isCatalogueOperation } from './decide-catalogue.ts';
import type { DecidedCommand } from './decision.ts';
import { decisionRows } from './decision-rows.ts';
import type { EngineDependencies } from './dependencies.ts';
import { loadRegion } from './load-region.ts';
import { nextBatch } from './next-batch.ts';
import type { RegionState } from './placement/region-state.ts';

export class RegionLoop {
  readonly lease: RegionLease;
  readonly #needs: EngineDependencies;
  readonly #publish: (decision: Decision) => void;
  readonly #setAside = new Map<string, number>();
  readonly #loop: PollingLoop;
  #state: RegionState | undefined;
  #position = 0;
  #singly = false;
  #lost = false;
  readonly #firstLoad = Promise.withResolvers<void>();

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

  /** Resolves once the region is in memory, or is known to be another's. */
  get loaded(): Promise<void> {
    return this.#firstLoad.promise;
  }

  start(): void {
    this.#loop.start();
  }

  wake(): void {
    this.#loop.wake();
  }

  /** Lets the batch in flight finish. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #turn(): Promise<TurnResult> {
    if (this.#lost) return 'none';
    if (this.#state === undefined) await this.#load();
    const decided = await this.#decideNext();
    if (decided === 0) return 'none';
    return decided >= batchSize ? 'full' : 'some';
  }

  /** Whether the last commit happened is not known here, so memory is loaded again. */
  async #recover(error: unknown): Promise<void> {
    this.#state = undefined;
    if (isEpochOver(error)) await this.#needs.epoch.refresh();
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
    this.#state = await loadRegion(database, this.lease, clock.nowSeconds());
    this.#position = position;
    this.#firstLoad.resolve();
    const { tenantId: tenant, region } = this.lease;
    const ms = Math.round(clock.monotonicMs() - startedMs);
    log.info({ tenant, region, ms, holds: this.#state.holds.size }, 'region loaded');
  }

  /** Decides and commits one batch; answers how many commands it decided. */
  async #decideNext(): Promise<number> {
    const state = this.#state;
    if (state === undefined) return 0;
    const { tenantId, region } = this.lease;
    const limit = batchSize + this.#setAside.size;
    const found = await findPendingCommands(this.#needs.hotDatabase, { tenantId, region, limit });
    const batch = nextBatch(found, {
      setAside: this.#currentlySetAside(),
      limit: this.#singly ? 1 : batchSize,
    });
    const [first] = batch;
    if (first === undefined) {
      this.#singly = false;
      return 0;
    }
    try {
      if (isCatalogueOperation(first.operation)) await this.#changeCatalogue(state, first);
      else await this.#decideBatch(state, batch);
    } catch (error) {
      this.#afterFailedCommit(error, batch);
    }
    return batch.length;
  }

  async #decideBatch(state: RegionState, batch: PendingCommand[]): Promise<void> {
    const { clock, random, failpoints, hotDatabase, metrics } = this.#needs;
    const now = clock.nowSeconds();
    const decisions: DecidedCommand[] = [];
    try {
      for (const [index, command] of batch.entries()) {
        const position = this.#position + index + 1;
        const context = { now, position, seed: random.seed(), sagaId: random.uuidV7() };
        decisions.push(decide(state, command, context));
      }
      await failpoints.reach('engine.after-decide-before-commit');
      const stopTimer = metrics.commitSeconds.startTimer({ stage: 'decide' });
      await commitDecisions(hotDatabase, {
        ...this.#batchFrame(now, decisions.length),
        ...decisionRows(this.lease.region, decisions),
      });
      stopTimer();
    } catch (error) {
      revert(state, decisions);
      throw error;
    }
    this.#position += decisions.length;
    metrics.commitBatch.observe({ stage: 'decide' }, decisions.length);
    await failpoints.reach('engine.after-commit-before-memory');
    this.#needs.onCommitted();
    for (const decided of decisions) this.#publishDecided(decided);
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

  #publishDecided({ command, state, problem, transitions }: DecidedCommand): void {
    const { metrics } = this.#needs;
    metrics.commandsDecided.inc({ operation: command.operation, outcome: state });
    if (problem?.reason !== undefined) metrics.refusals.inc({ reason: problem.reason });
    const own = transitions.find((step) => step.after.id === command.appointment?.id);
    const appointment = own?.after ?? command.appointment;
    this.#publish({
      tenantId: command.tenantId,
      commandId: command.id,
      state,
      ...(appointment && { appointment }),
      ...(problem && { problem }),
    });
  }

  async #changeCatalogue(state: RegionState, command: PendingCommand): Promise<void> {
    const { clock, random, database, metrics } = this.#needs;
    const change = catalogueChange(command);
    const problem = catalogueObjection(state, change)?.document();
    const batch = this.#batchFrame(clock.nowSeconds(), 1);
    const decision = { batch, commandId: command.id, seed: random.seed(), problem };
    const outcome = await database.transaction((queries) =>
      commitCatalogue(queries, change, decision),
    );
    this.#position += 1;
    if (problem === undefined) applyCatalogue(state, change, outcome);
    const outcomeLabel = problem === undefined ? 'applied' : 'refused';
    metrics.commandsDecided.inc({ operation: command.operation, outcome: outcomeLabel });
    this.#publish({
      tenantId: command.tenantId,
      commandId: command.id,
      state: outcomeLabel,
      created: outcome.created,
      ...(problem && { problem }),
    });
  }

  /** A commit that the database refused: nothing of it happened. Others are thrown on. */
  #afterFailedCommit(error: unknown, batch: PendingCommand[]): void {
    const code = sqlState(error);
    if (code === undefined || isUnavailable(error) || isEpochOver(error)) throw error;
    if (code === fenceLostState) {
      this.#lost = true;
      return;
    }
    if (code === staleDecisionState || isTransient(error)) return;
    const { log } = this.#needs;
    const [first] = batch;
    if (batch.length > 1 || first === undefined) {
      this.#singly = true;
      log.warn({ code, size: batch.length }, 'batch refused by the database: deciding singly');
      return;
    }
    // Alone and still refused (a hold that overlaps: memory has drifted): load again, and let
    // others go first.
    log.error({ err: error, command_id: first.id }, 'command cannot be committed: set aside');
    this.#setAside.set(first.id, this.#needs.clock.monotonicMs() + setAsideMs);
    this.#state = undefined;
  }

  #currentlySetAside(): ReadonlySet<string> {
    const nowMs = this.#needs.clock.monotonicMs();
    for (const [id, untilMs] of this.#setAside) {
      if (untilMs <= nowMs) this.#setAside.delete(id);
    }
    return new Set(this.#setAside.keys());
  }
}
