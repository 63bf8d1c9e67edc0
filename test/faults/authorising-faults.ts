import type { Fault } from './fault.ts';

const rules = 'src/store/row-rules.ts';
// With row-level security nothing of another tenant's is seen all the same.
const rowSecurity = 'test/integration/row-security.test.ts';
const alone = 'without row-level security the statements alone keep tenants apart';
const matrix = 'test/contract/authorisation/matrix.test.ts';
// Any of its rows may notice.
const answered = 'is answered to each caller as declared';

/** Whoever gets to see or do what is not theirs. */
export const authorisingFaults: readonly Fault[] = [
  {
    name: 'a customer is shown the appointment of another',
    file: rules,
    find: '`(${customer}::uuid IS NULL OR a.customer_id = ${customer})',
    replace: '`(${customer}::uuid IS NULL OR a.customer_id IS NOT NULL)',
    tests: ['test/integration/accept.test.ts'],
    titles: ['a customer creates, sees, lists and cancels only what is its own'],
  },
  {
    name: 'a provider cancels what is booked on another resource',
    file: 'src/store/write/accept-actions.ts',
    find: "resource: 'r.only_resource'",
    replace: "resource: 'NULL'",
    also: [
      {
        file: 'src/api/accept-action.ts',
        find: `await findAppointment(
    parts.dependencies.reads.of(wanted.reach.tenantId),
    wanted,
  );`,
        replace: `await findAppointment(
    parts.dependencies.reads.of(wanted.reach.tenantId),
    { ...wanted, reach: { ...wanted.reach, resourceId: null } },
  );`,
      },
    ],
    tests: [matrix],
    titles: [answered],
  },
  {
    name: "a replay is answered with another customer's appointment",
    file: 'src/store/read/commands.ts',
    find: `  WHERE c.tenant_id = $1 AND c.command_id = $2
    AND \${rowRules.appointments({ customer: '$3', resource: '$4' })}\`,
);

/** The outcome`,
    replace: `  WHERE c.tenant_id = $1 AND c.command_id = $2
    AND coalesce($3::uuid::text, $4::text, 'any') IS NOT NULL\`,
);

/** The outcome`,
    tests: ['test/integration/row-rules.test.ts'],
    titles: ['a duplicate that waited for the first is answered only to those whose it is'],
  },
  {
    name: 'a decision is told whoever has the appointment by then',
    file: 'src/api/accept.ts',
    find: 'if (decision !== undefined && !isWithin(reach, current)) throw notFound();',
    replace:
      'if (decision !== undefined && isWithin(reach, current) === undefined) throw notFound();',
    tests: ['test/integration/row-rules.test.ts'],
    titles: ['who waits is not told of what another resource was given meanwhile'],
  },
  {
    name: 'a provider decides about what another resource has been given',
    file: 'src/engine/decide-action.ts',
    find: 'if (only !== undefined && only !== resourceId) {',
    replace: 'if (only !== undefined && resourceId === null) {',
    tests: ['src/engine/decide-action.test.ts'],
    titles: ['what only one resource may ask is not there for it once another has the appointment'],
  },
  {
    name: 'a command is shown to another tenant',
    file: 'src/store/read/commands.ts',
    find: `c.tenant_id = $1 AND c.command_id = $2 AND c.operation`,
    replace: `$1::text IS NOT NULL AND c.command_id = $2 AND c.operation`,
    tests: [rowSecurity],
    titles: [alone],
  },
  {
    name: 'events are read by whoever may read appointments',
    file: 'src/api/list-events.ts',
    find: "scopes: ['events:read'],",
    replace: "scopes: ['events:read', 'appointments:read'],",
    tests: [matrix],
    titles: [answered],
  },
  {
    name: 'events are shown to another tenant',
    file: 'src/store/read/events.ts',
    find: 'CASE WHEN l.tenant_id = $1 THEN l.event END AS event',
    replace: 'CASE WHEN $1::text IS NOT NULL THEN l.event END AS event',
    tests: [rowSecurity],
    titles: [alone],
  },
  {
    name: "a provider reads customers' records",
    file: 'src/gateway/admit-request.ts',
    find: "if (principal.resourceId !== null && route.ownership === 'customer') {",
    replace: "if (principal.resourceId === '' && route.ownership === 'customer') {",
    tests: [matrix],
    titles: [answered],
  },
  {
    name: 'a route is mounted that nobody has declared',
    file: 'src/gateway/health-routes.ts',
    find: `    {
      ...open,
      path: '/readyz',`,
    replace: `    {
      ...open,
      path: '/livez',
      operationId: 'getLife',
      summary: 'Whether the process lives',
      responses: { 200: Liveness },
      handle: () => Promise.resolve({ status: 200, body: { status: 'ok' } }),
    },
    {
      ...open,
      path: '/readyz',`,
    tests: [matrix],
    titles: ['every call of every port has its row, and every row a call'],
  },
];
