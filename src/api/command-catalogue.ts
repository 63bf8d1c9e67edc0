import type { Decision } from '../contract/engine-link.ts';
import { unavailable } from '../contract/problem.ts';
import type { Repairs } from '../contract/repairs.ts';
import type { Call } from '../contract/route.ts';
import { commitAfter } from '../io/failpoints.ts';
import {
  insertCatalogueCommand,
  type CatalogueCommand,
} from '../store/write/commands-catalogue.ts';
import { acceptEpoch } from './accept-epoch.ts';
import { crashPoints } from './crash-points.ts';
import { decidedProblem } from './decided-problem.ts';
import type { DecisionWaiter, Expectation } from './decision-waiter.ts';
import type { Dependencies } from './dependencies.ts';

export interface CatalogueParts {
  dependencies: Dependencies;
  waiter: DecisionWaiter;
  catalogueWaitSeconds: number;
}

export type CatalogueChange = Pick<
  CatalogueCommand,
  'operation' | 'region' | 'payload' | 'calendarPassword'
>;

/** The region that decides what belongs to no resource. */
export const sharedRegion = 'default';

/**
 * Hands a change of the catalogue to the region's owner and waits for it; throws its refusal. Where
 * no engine decides in time the change may still come into force later: the same PUT or DELETE
 * again does no harm.
 */
export async function commandCatalogue(
  parts: CatalogueParts,
  call: Call,
  change: CatalogueChange,
): Promise<Decision> {
  const { database, epoch, clock, random } = parts.dependencies;
  const { tenantId, actor } = call.principal;
  const { requestId, traceparent } = call;
  const id = random.uuidV7();
  const expectation = parts.waiter.expect({ tenantId, commandId: id });
  try {
    const createdAt = clock.nowSeconds();
    const command = { tenantId, id, ...change, createdAt, actor, requestId, traceparent };
    if (expectation === undefined) throw unavailable('too many requests are waiting');
    await crashPoints.beforeTransaction(parts.dependencies);
    await acceptEpoch(epoch, (current) =>
      commitAfter(crashPoints.beforeCommit(parts.dependencies), database, (queries) =>
        insertCatalogueCommand(queries, current, command),
      ),
    );
    await crashPoints.afterCommit(parts.dependencies);
    noteAccepted(parts, call, { id, operation: change.operation });
    return await appliedInTime(parts, call, { expectation });
  } finally {
    expectation?.cancel();
  }
}

/** What is done once a command about the catalogue is durable. */
export function noteAccepted(
  { dependencies: { engine, metrics, log } }: CatalogueParts,
  { principal, requestId }: Call,
  { id, operation }: { id: string; operation: string },
): void {
  engine.wake();
  metrics.commandsAccepted.inc({ operation });
  const { tenantId: tenant } = principal;
  const fields = { component: 'api', request_id: requestId, tenant, command_id: id };
  log.info({ ...fields, operation }, 'command accepted');
}

export interface Waiting {
  expectation: Expectation;
  /** Of the answer, should the decision be a refusal. */
  headers?: Record<string, string>;
}

/** Waits for the decision, and throws a refusal. */
export async function appliedInTime(
  { catalogueWaitSeconds }: CatalogueParts,
  call: Call,
  { expectation, headers = {} }: Waiting,
): Promise<Decision> {
  const decision = await expectation.decided(catalogueWaitSeconds, call.signal);
  if (decision === undefined) throw unavailable('no engine has applied the change yet');
  if (decision.problem !== undefined) throw decidedProblem(decision.problem, { headers });
  return decision;
}

/** What became of bookings that were in the way. */
export function repairsOf({ result = {} }: Decision): Repairs {
  const { moved = [], unresolved = [] } = result;
  return { moved, unresolved };
}
