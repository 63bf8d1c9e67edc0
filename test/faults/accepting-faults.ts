import type { Fault } from './fault.ts';

const creates = 'src/store/write/accept-creates.ts';
const oneTransaction = 'test/integration/one-transaction.test.ts';

/** Between the request and its 202. */
export const acceptingFaults: readonly Fault[] = [
  {
    name: 'a request is answered before its commit',
    file: 'src/api/accept-batch.ts',
    find: 'const accepted = await acceptEpoch(',
    replace: `for (const { resolve } of batch) resolve(true);
    const accepted = await acceptEpoch(`,
    tests: ['src/api/accept-batch.test.ts'],
    titles: ['a row that the statement leaves out is answered so'],
  },
  {
    name: 'an idempotency key is inserted in another transaction than its appointment',
    file: creates,
    find: `    SELECT i.tenant_id, 'create', i.key, decode(i.content_hash, 'hex'), i.command_id,
      i.appointment_id, i.actor, now()
    FROM input i JOIN tenants t
      ON t.tenant_id = i.tenant_id AND t.catalogue_version = i.catalogue_version
    ORDER BY i.tenant_id, i.key
    ON CONFLICT DO NOTHING
    RETURNING command_id)`,
    replace: `    SELECT tenant_id, operation, key, content_hash, command_id, subject_id, actor,
      now()
    FROM idempotency_keys WHERE false),
  keyed AS MATERIALIZED (
    SELECT k.command_id FROM input i JOIN idempotency_keys k
      ON k.tenant_id = i.tenant_id AND k.key = i.key AND k.command_id = i.command_id)`,
    also: [
      {
        file: creates,
        find: 'WHERE (i.command_id IN (SELECT command_id FROM fresh)) IS TRUE),\n  appointment',
        replace: 'WHERE (i.command_id IN (SELECT command_id FROM keyed)) IS TRUE),\n  appointment',
      },
      {
        file: creates,
        find: '  SELECT command_id FROM fresh`',
        replace: '  SELECT command_id FROM keyed`',
      },
      {
        file: creates,
        find: '/**\n * Makes a batch of create requests durable.',
        replace: `const insertKeys = statement<never>(
  'insert_keys',
  \`INSERT INTO idempotency_keys
    (tenant_id, operation, key, content_hash, command_id, subject_id, actor, first_used_at)
  SELECT i.tenant_id, 'create', i.key, decode(i.content_hash, 'hex'), i.command_id,
    i.appointment_id, i.actor, now()
  FROM jsonb_to_recordset($1::jsonb) AS i (tenant_id text, key text, content_hash text,
    command_id uuid, appointment_id uuid, actor text)
  ORDER BY i.tenant_id, i.key ON CONFLICT DO NOTHING\`,
);

/**
 * Makes a batch of create requests durable.`,
      },
      {
        file: creates,
        find: '  const fresh = await queries.run(acceptCreates',
        replace: `  await queries.run(insertKeys, [JSON.stringify(rows)]);
  const fresh = await queries.run(acceptCreates`,
      },
    ],
    tests: [oneTransaction],
    titles: ['a create and its key are one transaction'],
  },
  {
    name: 'a used key is answered whatever it came with',
    file: 'src/api/idempotency.ts',
    find: 'used.contentHash !== contentHash || ',
    replace: '',
    tests: ['test/integration/accept.test.ts'],
    titles: ['equal content is a replay however it is written, other content is refused'],
  },
  {
    name: 'a customer is shown the appointment of another',
    file: 'src/store/read/appointments.ts',
    find: ' AND ($3::uuid IS NULL OR a.customer_id = $3)',
    replace: ' AND ($3::uuid IS NULL) IS NOT NULL',
    tests: ['test/integration/accept.test.ts'],
    titles: ['a customer creates, sees, lists and cancels only what is its own'],
  },
  {
    name: 'an appointment is shown to another tenant',
    file: 'src/store/read/appointments.ts',
    find: 'WHERE a.tenant_id = $1 AND a.appointment_id = $2',
    replace: 'WHERE $1::text IS NOT NULL AND a.appointment_id = $2',
    // With row-level security nothing of another's is seen all the same.
    tests: ['test/integration/row-security.test.ts'],
    titles: ['without row-level security the statements alone keep tenants apart'],
  },
  {
    name: 'a request is accepted although writes are closed',
    file: creates,
    find: 'SELECT assert_write_epoch($1) AS writable',
    replace: 'SELECT $1::bigint IS NOT NULL AS writable',
    tests: ['test/integration/accept.test.ts'],
    titles: ['closed writes are unavailable, and open again once they are'],
  },
  {
    name: 'the express lane keeps the bookings of those whose key was used',
    file: 'migrations/0005_express.sql',
    find: '  IF coalesce(cardinality(fresh), 0) <> planned THEN',
    replace: '  IF false THEN',
    tests: ['test/integration/express.test.ts'],
    titles: ['a key that was used keeps its request out and takes no room from the others'],
  },
  {
    name: 'the express lane accepts by an older catalogue',
    file: 'src/store/write/accept-decided.ts',
    find: 'WHERE EXISTS (SELECT FROM tenants WHERE tenant_id = $2 AND catalogue_version = $14)',
    replace: 'WHERE $14::bigint IS NOT NULL',
    tests: ['test/integration/express.test.ts'],
    titles: ['a request that was checked against an older catalogue is not accepted'],
  },
  {
    name: 'keys are swept while their command waits for its decision',
    file: 'src/store/write/sweep.ts',
    find: ` AND NOT EXISTS (
      SELECT FROM commands c WHERE c.tenant_id = k.tenant_id AND c.command_id = k.command_id
        AND c.state = 'pending')`,
    replace: '',
    tests: ['test/integration/sweep.test.ts'],
    titles: ['a key whose command is pending is kept, however old'],
  },
];
