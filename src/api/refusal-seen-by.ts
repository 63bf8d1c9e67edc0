import type { Conflict, ProblemDocument } from '../contract/problem.ts';
import type { Reach } from '../domain/reach.ts';

/**
 * A stored refusal as the caller may know it. What stands in the way are others' bookings: a
 * customer hears of none, who works for one resource of those on it. What is free instead stays,
 * as far as availability tells it too.
 */
export function refusalSeenBy(
  { customerId, resourceId }: Reach,
  problem: ProblemDocument,
): ProblemDocument {
  const ofOwn = (places: Conflict[]): Conflict[] =>
    resourceId === null ? places : places.filter(({ resource_id: id }) => id === resourceId);
  const { conflicts, alternatives } = problem;
  return {
    ...problem,
    ...(conflicts && { conflicts: customerId === null ? ofOwn(conflicts) : [] }),
    ...(alternatives && { alternatives: ofOwn(alternatives) }),
  };
}
