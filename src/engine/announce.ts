import type { Decision } from '../contract/engine-link.ts';
import type { PendingCommand } from '../domain/command.ts';
import type { EngineDependencies } from './dependencies.ts';

type Listeners = Pick<EngineDependencies, 'metrics' | 'log' | 'onCommitted'> & {
  publish: (decision: Decision) => void;
};

/**
 * Tells the world what is committed, but nothing of what was only handed on (undefined); a listener
 * that fails is no failed commit.
 */
export function announce(
  { metrics, log, onCommitted, publish }: Listeners,
  decided: readonly (Decision | undefined)[],
  batch: readonly PendingCommand[],
): void {
  for (const [index, decision] of decided.entries()) {
    if (decision === undefined) continue;
    const { state, problem } = decision;
    const operation = batch[index]?.operation ?? 'unknown';
    metrics.commandsDecided.inc({ operation, outcome: state });
    if (problem?.reason !== undefined) metrics.refusals.inc({ reason: problem.reason });
  }
  const made = decided.filter((decision) => decision !== undefined);
  for (const tell of [onCommitted, ...made.map((decision) => () => publish(decision))]) {
    try {
      tell();
    } catch (error) {
      log.error({ component: 'engine', err: error }, 'a listener to decisions failed');
    }
  }
}
