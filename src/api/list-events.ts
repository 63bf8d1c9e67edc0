import { defaultPageLimit } from '../contract/fields.ts';
import { EventPage, ListEvents } from '../contract/list-events.ts';
import type { Answer, Call, RawCall, Route } from '../contract/route.ts';
import { memberOf } from './check-slot.ts';
import type { Dependencies } from './dependencies.ts';
import { eventCursor } from './event-cursor.ts';
import { readEventPage } from './event-page.ts';
import type { EventStreams } from './event-streams.ts';

export interface EventParts {
  dependencies: Pick<Dependencies, 'reads'>;
  streams: EventStreams;
}

export function listEvents(parts: EventParts): Route {
  return {
    method: 'GET',
    path: '/v1/events',
    operationId: 'listEvents',
    summary: 'What happened to appointments, from a cursor on; as a stream for who accepts one',
    reads: ['last-event-id'],
    problems: ['bad-cursor'],
    responses: { 200: EventPage },
    streams: true,
    scopes: ['events:read'],
    ownership: 'tenant',
    query: ListEvents,
    precheck: (call) => void startOf(call),
    handle: (call: Call<unknown, ListEvents>) => handle(parts, call),
  };
}

async function handle(parts: EventParts, call: Call<unknown, ListEvents>): Promise<Answer> {
  const { principal, query } = call;
  const positions = startOf(call);
  const limit = query.limit ?? defaultPageLimit;
  if (wantsStream(call.header('accept'))) {
    const headers = { 'content-type': 'text/event-stream; charset=utf-8' };
    const stream = parts.streams.open(principal, { positions, limit });
    return { status: 200, headers, stream };
  }
  const { tenantId } = principal;
  const { reads } = parts.dependencies;
  const page = await readEventPage(reads.of(tenantId), { tenantId, positions, limit });
  return {
    status: 200,
    body: {
      items: page.events.map(({ text }) => JSON.parse(text) as unknown),
      next_cursor: eventCursor.write(page.positions),
    },
  };
}

/** What a client saw last goes before the address, which a reconnection repeats unchanged. */
function startOf(call: RawCall): number[] {
  const last = call.header('last-event-id');
  if (last !== undefined && last !== '') return eventCursor.read(last);
  const after = memberOf(call.query, 'after');
  return typeof after === 'string' ? eventCursor.read(after) : eventCursor.start();
}

function wantsStream(accept: string | undefined): boolean {
  return /(?:^|,)\s*text\/event-stream\s*(?:;(?!\s*q=0(?:\.0*)?\s*(?:,|;|$))[^,]*)?(?:,|$)/i.test(
    accept ?? '',
  );
}
