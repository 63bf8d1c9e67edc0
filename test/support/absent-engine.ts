import type { EngineLink } from '../../src/contract/engine-link.ts';
import { unavailable } from '../../src/contract/problem.ts';

/** The engines as an api sees them when none is there. */
export const absentEngine: EngineLink = {
  wake: () => undefined,
  onDecision: () => () => undefined,
  availability: () => Promise.reject(unavailable('there is no engine')),
  previewAbsence: () => Promise.reject(unavailable('there is no engine')),
};
