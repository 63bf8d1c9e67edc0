import type { Fault } from './fault.ts';

const publish = 'src/relay/publish-outbox.ts';
const relay = 'test/integration/relay.test.ts';

/** Between the outbox, the bus and the event log. */
export const publishingFaults: readonly Fault[] = [
  {
    name: 'outbox rows are deleted before the bus has them',
    file: publish,
    find: '  await crashPoints.afterRead(dependencies);\n',
    replace: `  await crashPoints.afterRead(dependencies);
  await confirm(dependencies, { leases, runs: runsOf(batch, tokens) });
`,
    tests: ['test/integration/published-bytes.test.ts'],
    titles: ['what the bus has not confirmed stays in the outbox'],
  },
  {
    name: 'an event that the bus did not confirm counts as confirmed',
    file: publish,
    find: 'confirmedOf(batch, [...refused, ...unconfirmed])',
    replace: 'confirmedOf(batch, refused)',
    tests: ['test/integration/published-bytes.test.ts'],
    titles: ['what the bus has not confirmed stays in the outbox'],
  },
  {
    name: 'the bytes of an event are made anew each time that it is published',
    file: publish,
    find: 'bytes: row.event,',
    replace: 'bytes: JSON.stringify({ ...JSON.parse(row.event), attempt: row.attempts }),',
    tests: ['test/integration/published-bytes.test.ts'],
    titles: ['an event is published as the bytes that were committed, at every attempt'],
  },
  {
    name: 'the outbox is read by a cursor',
    file: 'src/store/read/outbox.ts',
    find: `  return queries.run(lowestOutbox, [wanted.shards, wanted.perShard, wanted.withBytes]);
}
`,
    replace: `  const values = [wanted.shards, wanted.perShard, wanted.withBytes];
  return queries.run(lowestOutbox, values).then((rows) => {
    const seen = lastSeen.get(queries) ?? new Map<number, number>();
    lastSeen.set(queries, seen);
    const later = rows.filter(({ shard, outbox_id }) => outbox_id > (seen.get(shard) ?? 0));
    for (const { shard, outbox_id } of later) seen.set(shard, outbox_id);
    return later;
  });
}

const lastSeen = new WeakMap<Queries, Map<number, number>>();
`,
    tests: [relay],
    titles: ['with 16 writers that hold their commits back nothing is lost and order is kept'],
  },
  {
    name: 'two events of an appointment are in flight on a bus that takes no runs',
    file: 'src/relay/next-batch.ts',
    find: 'if (seen.has(appointment)) return false;',
    replace: 'if (seen.has(appointment) && seen.size < 0) return false;',
    tests: ['src/relay/next-batch.test.ts'],
    titles: ['at most one event per appointment is in flight where the bus takes no runs'],
  },
  {
    name: 'a relay that has lost its shard appends to the event log',
    file: 'src/store/write/outbox.ts',
    find: 'WHERE s.owner = $2 AND s.token = r.token',
    replace: 'WHERE $2::uuid IS NOT NULL',
    tests: [relay],
    titles: ['a deposed relay cannot append, and what it published stays in the outbox'],
  },
  {
    name: 'shards are taken although their relay lives',
    file: 'src/store/write/outbox.ts',
    find: `WHERE s.owner IS NULL OR s.owner = $2 OR s.lease_expires_at < now()
      OR (s.owner_session IN (SELECT session_key FROM gone)) IS TRUE
    ORDER BY`,
    replace: 'ORDER BY',
    tests: [relay],
    titles: ['a killed relay’s shards are taken when its session ends, long before its lease'],
  },
  {
    name: 'an event is shown to readers of another tenant',
    file: 'src/store/read/events.ts',
    find: 'CASE WHEN l.tenant_id = $1 THEN l.event END AS event',
    replace: 'CASE WHEN $1::text IS NOT NULL THEN l.event END AS event',
    tests: ['test/integration/row-security.test.ts'],
    titles: ['without row-level security the statements alone keep tenants apart'],
  },
  {
    name: 'an event that the broker has returned counts as taken',
    file: 'src/io/bus/rabbitmq/rabbitmq-bus.ts',
    find: 'failure === undefined ? returned.get(eventId(event)) : ',
    replace: 'failure === undefined ? undefined : ',
    tests: ['test/integration/rabbitmq.test.ts'],
    titles: ['an event that nothing would take is returned, and waits until something does'],
  },
  {
    name: 'an event that the broker has refused counts as taken',
    file: 'src/io/bus/rabbitmq/rabbitmq-bus.ts',
    find: '=> resolve(error?.message),',
    replace: `=>
            resolve(error?.message === 'message nacked' ? undefined : error?.message),`,
    tests: ['test/integration/rabbitmq.test.ts'],
    titles: ['a queue that is full refuses, and only what would go there waits'],
  },
];
