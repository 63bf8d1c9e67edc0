import type { Absence, AbsenceQuery, AddedAbsence } from '../contract/absence.ts';
import { unavailable } from '../contract/problem.ts';
import type { Answer, Call } from '../contract/route.ts';
import { commitAfter } from '../io/failpoints.ts';
import { findAbsence } from '../store/read/absences.ts';
import { insertAbsenceCommand, type AbsenceCommand } from '../store/write/commands-absence.ts';
import { acceptEpoch } from './accept-epoch.ts';
import {
  appliedInTime,
  noteAccepted,
  repairsOf,
  type CatalogueParts,
  type Waiting,
} from './command-catalogue.ts';
import { contentHash } from './content-hash.ts';
import { crashPoints } from './crash-points.ts';
import type { Expectation } from './decision-waiter.ts';
import { absenceView, noSuchAbsence } from './get-absence.ts';
import type { FirstUse, Idempotency } from './idempotency.ts';

export interface AbsenceParts extends CatalogueParts {
  idempotency: Idempotency;
}

type AbsenceCall = Call<Absence, AbsenceQuery>;
type Request = Pick<AbsenceCommand, 'absence' | 'region'>;

/**
 * Records the absence under its key, waits until the region's owner has applied it, and answers. A
 * request that came before is answered by what became of it.
 */
export async function acceptAbsence(
  parts: AbsenceParts,
  call: AbsenceCall,
  request: Request,
): Promise<Answer> {
  const own = { commandId: parts.dependencies.random.uuidV7(), subjectId: request.absence.id };
  const expecting = expectingFor(parts, call);
  return expecting(own, async (expectation) => {
    const used = await recordOnce(parts, call, { request, own });
    if (used === own) return added(parts, call, { used, expectation });
    return expecting(used, async (first) => {
      const headers = { 'idempotency-replayed': 'true' };
      const { body } = await added(parts, call, { used, expectation: first, headers });
      return { status: 200, headers, body };
    });
  });
}

/** The expectation is made before the command is durable, or the decision could come first. */
function expectingFor({ waiter }: AbsenceParts, { principal: { tenantId } }: AbsenceCall) {
  return async (
    { commandId }: FirstUse,
    answer: (expectation: Expectation) => Promise<Answer>,
  ): Promise<Answer> => {
    const expectation = waiter.expect({ tenantId, commandId });
    if (expectation === undefined) throw unavailable('too many requests are waiting');
    try {
      return await answer(expectation);
    } finally {
      expectation.cancel();
    }
  };
}

/** Answers the first use of the key: this request itself, or one that came before. */
async function recordOnce(
  parts: AbsenceParts,
  call: AbsenceCall,
  { request, own }: { request: Request; own: FirstUse },
): Promise<FirstUse> {
  const { database, epoch, clock } = parts.dependencies;
  const { principal, body, requestId, traceparent } = call;
  const { tenantId, actor } = principal;
  const { resourceId, start, end, reason } = request.absence;
  const hash = contentHash({ resourceId, start, end, reason });
  const name = { tenantId, operation: 'add-absence', key: body.idempotency_key };
  const command: AbsenceCommand = {
    ...{ ...request, tenantId, id: own.commandId, key: name.key, contentHash: hash },
    ...{ createdAt: clock.nowSeconds(), actor, requestId, traceparent },
  };
  const outcome = await parts.idempotency.once(name, hash, async () => {
    await crashPoints.beforeTransaction(parts.dependencies);
    const fresh = await acceptEpoch(epoch, (now) =>
      commitAfter(crashPoints.beforeCommit(parts.dependencies), database, (queries) =>
        insertAbsenceCommand(queries, now, command),
      ),
    );
    await crashPoints.afterCommit(parts.dependencies);
    if (!fresh) return parts.idempotency.firstUse(name, hash);
    noteAccepted(parts, call, { id: own.commandId, operation: 'add-absence' });
    return own;
  });
  const used = 'first' in outcome ? outcome.first : outcome.accepted;
  if (used === undefined) throw unavailable('the key was given up a moment ago');
  return used;
}

async function added(
  parts: AbsenceParts,
  call: AbsenceCall,
  { used, ...waiting }: { used: FirstUse } & Waiting,
): Promise<Answer> {
  const decision = await appliedInTime(parts, call, waiting);
  const { tenantId } = call.principal;
  const resourceId = call.params['id'] ?? '';
  const id = used.subjectId;
  const { reads } = parts.dependencies;
  const row = await findAbsence(reads.of(tenantId), { tenantId, resourceId, id });
  if (row === undefined) throw noSuchAbsence();
  const body: AddedAbsence = { ...absenceView(row), ...repairsOf(decision) };
  const location = `/v1/resources/${resourceId}/absences/${id}`;
  return { status: 201, headers: { location }, body };
}
