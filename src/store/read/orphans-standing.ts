import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

export type SweptTable = 'appointments' | 'slot_holds' | 'sagas';

/** Whether this process is to look for orphans, and how much there is to look at. */
export interface Standing {
  isFirst: boolean;
  isOutboxDeep: boolean;
  pages: Record<SweptTable, number>;
}

type Row = Record<SweptTable, number> & { is_first: boolean; is_outbox_deep: boolean };

const pagesOf = (table: SweptTable): string =>
  `(pg_relation_size('${table}') / current_setting('block_size')::int)::int8 AS ${table}`;

// Of the workers that live, the one that began first. Two who both take themselves for the first
// do the same work twice, and no harm.
const standing = statement<Row>(
  'orphans_standing',
  `SELECT NOT EXISTS (
      SELECT FROM processes p
      WHERE 'worker' = ANY (p.roles) AND p.process_id < $1
        AND p.heartbeat_at > now() - interval '5 seconds' AND NOT session_is_gone(p.session_key)
    ) AS is_first,
    (SELECT count(*) FROM (SELECT FROM outbox LIMIT $2) some_rows) >= $2 AS is_outbox_deep,
    ${pagesOf('appointments')}, ${pagesOf('slot_holds')}, ${pagesOf('sagas')}`,
);

/** How this process stands; the outbox is deep from `deepFrom` rows on. */
export async function readStanding(
  queries: Queries,
  { processId, deepFrom }: { processId: string; deepFrom: number },
): Promise<Standing> {
  const [row] = await queries.run(standing, [processId, deepFrom]);
  if (row === undefined) throw new Error('the reconciler has no standing');
  const { is_first: isFirst, is_outbox_deep: isOutboxDeep, ...pages } = row;
  return { isFirst, isOutboxDeep, pages };
}
