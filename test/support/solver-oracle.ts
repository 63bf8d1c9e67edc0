import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { solverModel } from './solver-model.ts';
import type { SolverBooking } from './solver-model.ts';

export type Proof =
  | { kind: 'optimal'; moves: number }
  | { kind: 'infeasible' }
  | { kind: 'unproven'; status: string };

/** HiGHS in a thread of its own: an opinion that shares nothing with the engine. */
export class SolverOracle {
  readonly #worker = new Worker(new URL('solver-worker.ts', import.meta.url));

  async solve(bookings: readonly SolverBooking[], seconds: number): Promise<Proof> {
    this.#worker.postMessage({ model: solverModel(bookings), seconds });
    const [answer] = (await once(this.#worker, 'message')) as [{ status: string; moves: number }];
    const { status, moves } = answer;
    if (status === 'Optimal') return { kind: 'optimal', moves };
    return status === 'Infeasible' ? { kind: 'infeasible' } : { kind: 'unproven', status };
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
