import type { TenantQueries } from '../io/tenant-reads.ts';
import { findEventsAfter, type EventRow } from '../store/read/events.ts';

/** Events of one tenant, each with where the reader stands after it. */
export interface EventPage {
  events: { text: string; positions: readonly number[] }[];
  /** Where to read on: also past what others' events take. */
  positions: readonly number[];
  /** Whether reading on at once may find more. */
  more: boolean;
}

export interface EventPageWanted {
  tenantId: string;
  positions: readonly number[];
  limit: number;
}

const firstPerShard = 16;
// Where only others' events are found, more at a time; of one's own a page is soon full.
const maxPerShard = 64;
// Bounds what one request reads of a log in which this tenant has hardly an event.
const maxReads = 50;

/**
 * Reads on from the positions. Within a shard, and so for each appointment, in order of position;
 * over shards as near to the order of appending as their heads tell.
 */
export async function readEventPage(
  queries: TenantQueries,
  wanted: EventPageWanted,
): Promise<EventPage> {
  const page: EventPage = { events: [], positions: wanted.positions, more: true };
  const { tenantId, limit } = wanted;
  let perShard = Math.min(firstPerShard, limit);
  for (let reads = 0; reads < maxReads && page.more; reads += 1) {
    const rows = await findEventsAfter(queries, { tenantId, positions: page.positions, perShard });
    take(page, rows, { limit, perShard });
    if (page.events.length >= limit) break;
    perShard = Math.min(maxPerShard, perShard * 2);
  }
  return page;
}

/**
 * Merges the shards by their heads. A shard of which there may be more than was read ends the
 * merge when it runs dry: what comes next of it may be older than the heads of the others.
 */
function take(
  page: EventPage,
  rows: readonly EventRow[],
  { limit, perShard }: { limit: number; perShard: number },
): void {
  const shards = [...Map.groupBy(rows, ({ shard }) => shard).values()].map((row) => ({
    rows: row,
    next: 0,
  }));
  const positions = [...page.positions];
  while (page.events.length < limit) {
    const heads = shards.filter((shard) => shard.next < shard.rows.length);
    const oldest = heads.reduce<(typeof heads)[number] | undefined>(
      (best, shard) => (best === undefined || appended(shard) < appended(best) ? shard : best),
      undefined,
    );
    const row = oldest?.rows[oldest.next];
    if (oldest === undefined || row === undefined) break;
    positions[row.shard] = row.position;
    if (row.event !== null) page.events.push({ text: row.event, positions: [...positions] });
    oldest.next += 1;
    if (oldest.next === perShard) break;
  }
  page.positions = positions;
  page.more = shards.some((shard) => shard.next < shard.rows.length || shard.next === perShard);
}

function appended(shard: { rows: readonly EventRow[]; next: number }): number {
  return shard.rows[shard.next]?.appended_ms ?? Infinity;
}
