import type { Queries } from '../../io/postgres.ts';
import { logBegins } from '../log-begins.ts';
import { statement } from '../statement.ts';

/** What is written in one transaction with a state of an appointment, and is missing from it. */
export type AppointmentFault =
  | 'init-without-command'
  | 'scheduled-without-saga'
  | 'booking-without-hold'
  | 'hold-without-booking'
  | 'state-without-event'
  | 'version-without-history';

export interface OrphanRow {
  tenant_id: string;
  appointment_id: string;
  /** Of its resource, or its own where it has none. */
  region: string;
  /** Of the hold, where it has one. */
  hold_region: string | null;
  faults: AppointmentFault[];
}

/** How closely to look. What has changed within the last `graceSeconds` is passed over. */
export interface Scrutiny {
  graceSeconds: number;
  /** Not while the outbox is deep: a 64th of it is read for every event not in the log. */
  events: boolean;
  history: boolean;
}

/** A stretch of a table's pages, the last one excluded. */
export interface Pages {
  from: number;
  to: number;
}

const books = `(a.state IN ('SCHEDULED', 'CONFIRMED', 'IN_PROGRESS') AND NOT a.historic)`;
const ofIt = (alias: string): string =>
  `${alias}.tenant_id = a.tenant_id AND ${alias}.appointment_id = a.appointment_id`;
const hold = (column = ''): string =>
  `SELECT ${column} FROM slot_holds h WHERE ${ofIt('h')} OFFSET 0`;

const checks: Record<AppointmentFault, string> = {
  'init-without-command': `a.state = 'INIT' AND NOT EXISTS (
    SELECT FROM (SELECT c.operation, c.state FROM commands c WHERE ${ofIt('c')} OFFSET 0) c
    WHERE c.operation = 'create' AND c.state = 'pending')`,
  'scheduled-without-saga': `a.state = 'SCHEDULED' AND NOT EXISTS (
    SELECT FROM sagas s
    WHERE ${ofIt('s')} AND s.appointment_version = a.version AND s.finished_at IS NULL OFFSET 0)
    AND NOT EXISTS (
      SELECT FROM (SELECT c.operation, c.state FROM commands c WHERE ${ofIt('c')} OFFSET 0) c
      WHERE c.operation IN ('replan', 'abandon') AND c.state = 'pending')`,
  'booking-without-hold': `${books} AND NOT EXISTS (${hold()})`,
  'hold-without-booking': `NOT ${books} AND EXISTS (${hold()})`,
  'state-without-event': `$2 AND a.updated_at > ${logBegins} AND NOT EXISTS (
      SELECT FROM event_log l WHERE ${ofIt('l')} AND l.version = a.version OFFSET 0)
    AND NOT EXISTS (
      SELECT FROM outbox o WHERE o.shard = get_byte(uuid_send(a.appointment_id), 15) % 64
        AND ${ofIt('o')} AND o.version = a.version OFFSET 0)`,
  'version-without-history': `$3 AND NOT EXISTS (
    SELECT FROM appointment_history v WHERE ${ofIt('v')} AND v.version = a.version OFFSET 0)`,
};

// One snapshot: whatever is in flight is in it wholly or not at all, so that what is found is an
// orphan then, whoever is at work. Imported appointments have neither command nor saga. OFFSET 0
// has each looked up by key: else a plan made while tables are small may read all of one instead.
const faultsAmong = (appointments: string): string => `
  SELECT a.tenant_id, a.appointment_id, (${hold('h.region')}) AS hold_region, coalesce((
      SELECT r.region FROM resources r
      WHERE r.tenant_id = a.tenant_id AND r.resource_id = a.resource_id), a.region) AS region,
    array_remove(ARRAY[${Object.entries(checks)
      .map(([fault, check]) => `CASE WHEN ${check} THEN '${fault}' END`)
      .join(', ')}], NULL) AS faults
  FROM (${appointments}) a
  WHERE a.origin = 'api' AND a.updated_at < now() - make_interval(secs => $1)
    AND (${Object.values(checks)
      .map((check) => `(${check})`)
      .join(' OR ')})`;

const orphansInPages = statement<OrphanRow>(
  'orphans_in_pages',
  faultsAmong('SELECT * FROM appointments WHERE ctid >= $4::tid AND ctid < $5::tid'),
);
const orphansOfAppointment = statement<OrphanRow>(
  'orphans_of_appointment',
  faultsAmong('SELECT * FROM appointments WHERE tenant_id = $4 AND appointment_id = $5'),
);
const recentOrphans = statement<OrphanRow>(
  'recent_orphans',
  faultsAmong(`SELECT r.* FROM tenants t CROSS JOIN LATERAL (
      SELECT * FROM appointments
      WHERE tenant_id = t.tenant_id AND appointment_id >= $4 AND appointment_id < $5
      ORDER BY appointment_id DESC LIMIT $6) r
    ORDER BY r.appointment_id DESC LIMIT $6`),
);

/** The orphans among the appointments of these pages. */
export function findOrphans(
  queries: Queries,
  { graceSeconds, events, history }: Scrutiny,
  { from, to }: Pages,
): Promise<OrphanRow[]> {
  return queries.run(orphansInPages, [graceSeconds, events, history, `(${from},0)`, `(${to},0)`]);
}

/** The orphans among the newest `limit` appointments with an id from `fromId` to below `toId`. */
export function findRecentOrphans(
  queries: Queries,
  { graceSeconds, events, history }: Scrutiny,
  { fromId, toId, limit }: { fromId: string; toId: string; limit: number },
): Promise<OrphanRow[]> {
  return queries.run(recentOrphans, [graceSeconds, events, history, fromId, toId, limit]);
}

/** What is wrong with one appointment; undefined where nothing is. */
export async function findOrphan(
  queries: Queries,
  { graceSeconds, events, history }: Scrutiny,
  { tenant_id, appointment_id }: Pick<OrphanRow, 'tenant_id' | 'appointment_id'>,
): Promise<OrphanRow | undefined> {
  const values = [graceSeconds, events, history, tenant_id, appointment_id];
  return (await queries.run(orphansOfAppointment, values))[0];
}
