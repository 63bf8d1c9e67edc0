import type { Queries } from '../../io/postgres.ts';
import { auditEntries, type ChangedBy } from '../audit-entries.ts';
import { statement } from '../statement.ts';

export interface DeadLetterKey {
  tenant_id: string;
  task_id: number;
}

/** What an operator does with dead letters; `letters` are those that are meant. */
export interface LetterChange {
  letters: readonly DeadLetterKey[];
  by: ChangedBy;
}

/** SQL for the entries of letters that `from` has taken away; $3 and $4 are who has. */
export function auditedLetters(action: 'redrive' | 'discard', from: string): string {
  return auditEntries({
    ...{ action: `'${action}-dead-letter'`, tenant: 'tenant_id', subject: 'task_id::text', from },
    ...{ actor: '$3', requestId: '$4' },
    details: `jsonb_build_object('lane', lane, 'kind', kind, 'appointment_id', appointment_id)`,
  });
}

const named = `epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  named AS MATERIALIZED (
    SELECT r.* FROM epoch, jsonb_to_recordset($2::jsonb) AS r (tenant_id text, task_id int8))`;

// A task comes back as a fresh one: all its attempts before it, and no deadline behind it.
const redrive = statement<{ task_id: number }>(
  'redrive_dead_letters',
  `WITH ${named},
  dead AS (
    DELETE FROM dead_letters d USING named n
    WHERE d.tenant_id = n.tenant_id AND d.task_id = n.task_id AND d.lane <> 'command'
    RETURNING d.*),
  again AS (
    INSERT INTO tasks (tenant_id, lane, kind, ordering_key, appointment_id, saga_id, payload, actor,
      request_id, command_id, traceparent)
    SELECT tenant_id, lane, kind, ordering_key, appointment_id, saga_id, payload, actor, request_id,
      command_id, traceparent
    FROM dead WHERE lane <> 'event' ORDER BY task_id),
  freed AS (
    UPDATE held_events h SET parked = false FROM dead d
    WHERE d.lane = 'event' AND h.consumer = d.kind AND h.tenant_id = d.tenant_id
      AND h.appointment_id = d.appointment_id AND h.version = (d.payload ->> 'version')::int),
  audited AS (${auditedLetters('redrive', 'dead')})
  SELECT task_id FROM dead`,
);

// An event that is given up counts as taken, so that what waits behind it goes on. A saga's task
// is not given up: its appointment would stay as it is for ever.
const discard = statement<{ task_id: number }>(
  'discard_dead_letters',
  `WITH ${named},
  dead AS (
    DELETE FROM dead_letters d USING named n
    WHERE d.tenant_id = n.tenant_id AND d.task_id = n.task_id AND d.lane NOT IN ('saga', 'calendar')
    RETURNING d.*),
  passed AS (
    DELETE FROM held_events h USING dead d
    WHERE d.lane = 'event' AND h.consumer = d.kind AND h.tenant_id = d.tenant_id
      AND h.appointment_id = d.appointment_id AND h.version = (d.payload ->> 'version')::int),
  taken AS (
    INSERT INTO inbox (consumer, tenant_id, appointment_id, version)
    SELECT kind, tenant_id, appointment_id, (payload ->> 'version')::int FROM dead
    WHERE lane = 'event'
    ON CONFLICT DO NOTHING),
  audited AS (${auditedLetters('discard', 'dead')})
  SELECT task_id FROM dead`,
);

/** Lets tasks run and events be taken again, but no commands; answers those that there were. */
export async function redriveDeadLetters(
  queries: Queries,
  epoch: number,
  change: LetterChange,
): Promise<Set<number>> {
  return ids(await queries.run(redrive, [epoch, ...valuesOf(change)]));
}

/** Gives tasks and events up for good; answers those that there were, which no saga's task is. */
export async function discardDeadLetters(
  queries: Queries,
  epoch: number,
  change: LetterChange,
): Promise<Set<number>> {
  return ids(await queries.run(discard, [epoch, ...valuesOf(change)]));
}

/** The letters, who, and by which request: $2 to $4 of a statement. */
export function valuesOf({ letters, by }: LetterChange): unknown[] {
  const keys = letters.map(({ tenant_id, task_id }) => ({ tenant_id, task_id }));
  return [JSON.stringify(keys), by.actor, by.requestId];
}

function ids(rows: readonly { task_id: number }[]): Set<number> {
  return new Set(rows.map(({ task_id }) => task_id));
}
