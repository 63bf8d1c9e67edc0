import type { SagaWork } from '../../store/read/saga-work.ts';
import type { TaskRow } from '../../store/write/tasks.ts';
import type { WorkerDependencies } from '../dependencies.ts';

/** One saga in hand: its task, its state, and the signal that ends its calls. */
export interface SagaInHand {
  task: TaskRow;
  work: SagaWork;
  signal: AbortSignal;
  /** Steps of this attempt that wait to be journaled with the next commit. */
  journal: StepRecord[];
}

export interface StepRecord {
  step: string;
  startedMs: number;
  finishedMs: number;
  externalReference: string | null;
}

/** `committed`: the step's own transaction ended the saga. */
export type StepOutcome =
  | { kind: 'succeeded'; externalReference: string | null }
  | { kind: 'committed'; confirmed: boolean }
  | { kind: 'lost' }
  | { kind: 'failed'; reason: string; permanent: boolean };

/** A step takes all sagas of a batch that have come to it, and answers in their order. */
export interface SagaStep {
  name: string;
  run(dependencies: WorkerDependencies, sagas: readonly SagaInHand[]): Promise<StepOutcome[]>;
  /** Takes the step back; absent where there is nothing to take back. */
  compensate?(dependencies: WorkerDependencies, saga: SagaInHand): Promise<void>;
}

/** A saga as data: its steps in order. The last one commits. */
export interface Saga {
  kind: string;
  steps: readonly SagaStep[];
}
