import { statesAllowing } from '../domain/appointment-state.ts';
import type { Database } from '../io/postgres.ts';
import { sha256 } from '../io/random.ts';
import type { ChangedBy } from '../store/audit-entries.ts';
import { findCustomerOpen, type CustomerKey } from '../store/read/customer-records.ts';
import { insertActions, type ActionRow } from '../store/write/accept-actions.ts';
import { Failure } from './failure.ts';
import type { Surroundings } from './surroundings.ts';
import { writeUnderEpoch } from './write-under-epoch.ts';

interface Cancelling {
  key: CustomerKey;
  by: ChangedBy;
  timeoutMs: number;
  surroundings: Surroundings;
}

const perTurn = 100;
const pauseMs = 100;

/**
 * Cancels what lies ahead of a customer by commands, as a client would, and waits until the engines
 * have decided them; answers how many it asked for.
 */
export async function cancelAhead(
  database: Database,
  { key, by, timeoutMs, surroundings }: Cancelling,
): Promise<number> {
  const { clock } = surroundings;
  const endMs = clock.monotonicMs() + timeoutMs;
  let asked = 0;
  for (;;) {
    const open = await findCustomerOpen(database, key, perTurn);
    if (open.length === 0) return asked;
    const rows = open
      .filter(({ cancellable }) => cancellable)
      .map(({ appointment_id: id }) => cancellation(id, { key, by, surroundings }));
    if (rows.length > 0) {
      const accepted = await writeUnderEpoch(database, (epoch) =>
        insertActions(database, epoch, rows),
      );
      asked += accepted.size;
    } else if (clock.monotonicMs() >= endMs) {
      throw new Failure(`${open.length} cancellations are undecided: is an engine running?`);
    }
    await clock.sleep(pauseMs);
  }
}

function cancellation(
  appointmentId: string,
  { key, by, surroundings: { clock, random } }: Omit<Cancelling, 'timeoutMs'>,
): ActionRow {
  return {
    tenant_id: key.tenantId,
    operation: 'cancel',
    key: random.uuidV4(),
    content_hash: sha256(`cancel ${appointmentId}`).toString('hex'),
    command_id: random.uuidV7(),
    appointment_id: appointmentId,
    actor: by.actor,
    request_id: by.requestId,
    traceparent: null,
    only_customer: key.customerId,
    only_resource: null,
    if_match: null,
    allowed_from: statesAllowing('cancel'),
    payload: null,
    created_s: clock.nowSeconds(),
  };
}
