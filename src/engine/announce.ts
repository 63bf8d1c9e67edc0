import type { Decision } from '../contract/engine-link.ts';
import type { PendingCommand } from '../domain/command.ts';
import type { EngineDependencies } from './dependencies.ts';

type Listeners = Pick<EngineDependencies, 'metrics' | 'log' | 'onCommitted'> & {
  publish: (decision: Decision) => void;
};

/** Tells the world what is committed; a listener that fails is no failed commit. */
export function announce(
  { metrics, log, onCommitted, publish }: Listeners,
  decided: readonly Decision[],
  batch: readonly PendingCommand[],
): void {
  for (const [index, { state, problem }] of decided.entries()) {
    const operation = batch[index]?.operation ?? 'unknown';
    metrics.commandsDecided.inc({ operation, outcome: state });
    if (problem?.reason !== undefined) metrics.refusals.inc({ reason: problem.reason });
  }
  for (const tell of [onCommitted, ...decided.map((decision) => () => publish(decision))]) {
    try {
      tell();
    } catch (error) {
      log.error({ component: 'engine', err: error }, 'a listener to decisions failed');
    }
  }
}
