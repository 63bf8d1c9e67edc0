import { unavailable } from '../contract/problem.ts';
import type { Answer, Call } from '../contract/route.ts';
import type { CatalogueOperation } from '../domain/command.ts';
import { insertCatalogueCommand } from '../store/write/commands-catalogue.ts';
import { acceptEpoch } from './accept-epoch.ts';
import { decidedProblem } from './decided-problem.ts';
import type { DecisionWaiter } from './decision-waiter.ts';
import type { Dependencies } from './dependencies.ts';

export interface CatalogueParts {
  dependencies: Dependencies;
  waiter: DecisionWaiter;
  catalogueWaitSeconds: number;
}

export interface CatalogueChange {
  operation: CatalogueOperation;
  /** The object as it shall be, in the shape of `domain/catalogue`. */
  payload: unknown;
  path: string;
  /** Reads what is stored once the change is in force. */
  view(): Promise<unknown>;
}

/**
 * Hands a change of the catalogue to the region's owner and waits for it. Where no engine decides
 * in time the change may still come into force later: the same PUT again does no harm.
 */
export async function putCatalogue(
  { dependencies, waiter, catalogueWaitSeconds }: CatalogueParts,
  call: Call,
  change: CatalogueChange,
): Promise<Answer> {
  const { database, epoch, engine, clock, random, metrics, log } = dependencies;
  const { tenantId, actor } = call.principal;
  const { requestId, traceparent } = call;
  const { operation, payload } = change;
  const id = random.uuidV7();
  const expectation = waiter.expect({ tenantId, commandId: id });
  if (expectation === undefined) throw unavailable('too many requests are waiting');
  try {
    const createdAt = clock.nowSeconds();
    const command = { tenantId, id, operation, region: 'default', payload, createdAt };
    await acceptEpoch(epoch, (current) =>
      insertCatalogueCommand(database, current, { ...command, actor, requestId, traceparent }),
    );
    engine?.wake();
    metrics.commandsAccepted.inc({ operation });
    const fields = { component: 'api', request_id: requestId, tenant: tenantId, command_id: id };
    log.info({ ...fields, operation }, 'command accepted');
    const decision = await expectation.decided(catalogueWaitSeconds, call.signal);
    if (decision === undefined) throw unavailable('no engine has applied the change yet');
    if (decision.problem !== undefined) throw decidedProblem(decision.problem);
    const body = await change.view();
    const created = decision.created === true;
    return {
      status: created ? 201 : 200,
      body,
      ...(created && { headers: { location: change.path } }),
    };
  } finally {
    expectation.cancel();
  }
}
