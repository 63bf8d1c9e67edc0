import type { ExpressCreate, ExpressLane, ExpressOutcome } from '../contract/express-lane.ts';
import type { CreateRow } from '../store/write/accept-creates.ts';
import type { AcceptBatch } from './accept-batch.ts';
import { crashPoints } from './crash-points.ts';
import type { Dependencies } from './dependencies.ts';

/** `decided`: accepted, and decided as well. */
export type Intake = 'decided' | 'accepted' | 'not-accepted';

/**
 * How create requests become durable: by the express lane of this process's engine where it owns
 * the region, else as commands. A lane that cannot take a request costs it no more than time.
 */
export class CreateIntake {
  readonly #needs: Pick<Dependencies, 'failpoints'>;
  readonly #express: ExpressLane<CreateRow> | undefined;
  readonly #batch: AcceptBatch<CreateRow>;

  constructor(needs: Pick<Dependencies, 'express' | 'failpoints'>, batch: AcceptBatch<CreateRow>) {
    this.#needs = needs;
    this.#express = needs.express;
    this.#batch = batch;
  }

  async submit(create: ExpressCreate<CreateRow>): Promise<Intake> {
    const express = this.#express;
    const outcome = express === undefined ? 'elsewhere' : await this.#submitTo(express, create);
    if (outcome === 'accepted') return 'decided';
    if (outcome === 'not-accepted') return outcome;
    return (await this.#batch.submit(create.row)) ? 'accepted' : 'not-accepted';
  }

  async #submitTo(
    express: ExpressLane<CreateRow>,
    create: ExpressCreate<CreateRow>,
  ): Promise<ExpressOutcome> {
    await crashPoints.beforeTransaction(this.#needs);
    const beforeCommit = crashPoints.beforeCommit(this.#needs);
    const outcome = await express.submit(beforeCommit ? { ...create, beforeCommit } : create);
    if (outcome === 'accepted') await crashPoints.afterCommit(this.#needs);
    return outcome;
  }
}
