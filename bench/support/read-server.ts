// Our edge with the route that reads an appointment, on a database that has one, in one of two
// ways: `net` reads as the reader that is told its tenant, `bare` as the owner, whom no policy
// binds. A process of its own; its arguments are a port, the database and the way.

import { getAppointment } from '../../src/api/get-appointment.ts';
import { createGateway } from '../../src/gateway/index.ts';
import { systemClock } from '../../src/io/clock.ts';
import { createLog } from '../../src/io/log.ts';
import { createMetrics } from '../../src/io/metrics.ts';
import { openDatabase, type Queries } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';
import { openTenantReads, type TenantReads } from '../../src/io/tenant-reads.ts';
import { netRoles, tellTenant } from '../../src/store/row-security.ts';

const [port, url = '', way] = process.argv.slice(2);

const pool = { url, applicationName: 'bench reads', maxConnections: 8, settings: ['jit=off'] };

function openBare(): TenantReads {
  const { run, close } = openDatabase(pool);
  return { of: (tenantId) => ({ tenantId, run }), close };
}

const reads =
  way === 'net'
    ? openTenantReads({ ...pool, role: netRoles.reader, tell: tellTenant })
    : openBare();

// Every key is known.
const row = {
  ...{ tenant_id: 'default', key_id: systemRandom.uuidV7(), scopes: ['appointments:read'] },
  ...{ expires_s: null, unused_lately: false },
};
const directory: Queries = { run: <Row>() => Promise.resolve([row as Row]) };
const gateway = createGateway({
  config: { host: '127.0.0.1', port: Number(port) },
  ...{ clock: systemClock, random: systemRandom, log: createLog('warn', 'bench'), directory },
  metrics: createMetrics(),
  routes: [getAppointment({ reads })],
  onKeyUse: () => undefined,
  notReady: () => [],
});
await gateway.start();
process.send?.('ready');
// Whoever started it may die without a word; then the channel closes.
process.once('disconnect', () => process.exit(0));
