import assert from 'node:assert/strict';
import type { TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';

/** Waits until every command is decided, or all but those that are expected to wait. */
export async function allDecided(store: TestDatabase, but = 0): Promise<void> {
  await eventually(async () => {
    const [row] = await store.query<{ n: number }>(
      `SELECT count(*) n FROM commands WHERE state = 'pending'`,
    );
    return row?.n === but;
  }, 20_000);
}

/** What must hold of a database whose events nobody has taken yet, whatever happened before. */
export async function assertWhole(store: TestDatabase): Promise<void> {
  const offences: Record<string, string> = {
    'a hold exists exactly while its appointment holds a slot': `
      SELECT appointment_id FROM appointments a FULL JOIN slot_holds h
        USING (tenant_id, appointment_id)
      WHERE (h.lane_id IS NOT NULL)
        IS DISTINCT FROM (a.state IN ('SCHEDULED', 'CONFIRMED', 'IN_PROGRESS'))`,
    'versions are 1 to n, the last being the appointment’s': `
      SELECT appointment_id FROM appointments a JOIN appointment_history h
        USING (tenant_id, appointment_id)
      GROUP BY appointment_id, a.version
      HAVING count(*) <> a.version OR min(h.version) <> 1 OR max(h.version) <> a.version`,
    'every version has one event': `
      SELECT appointment_id FROM appointment_history h FULL JOIN outbox o
        USING (tenant_id, appointment_id, version)
      GROUP BY appointment_id, version HAVING count(o.outbox_id) <> 1 OR count(h.to_state) <> 1`,
    'history names the hold that each version leaves in place': `
      SELECT appointment_id FROM appointment_history h JOIN appointments a
        USING (tenant_id, appointment_id, version) LEFT JOIN slot_holds s
        USING (tenant_id, appointment_id)
      WHERE (h.lane_id, h.busy_start_at, h.busy_end_at)
        IS DISTINCT FROM (s.lane_id, s.busy_start_at, s.busy_end_at)`,
    // What is handed on and what leaves the region uses positions up as well.
    'the positions of a tenant’s only region are 1 to n, each of one command': `
      SELECT r.region FROM regions r LEFT JOIN commands c
        ON c.tenant_id = r.tenant_id AND c.decided_region = r.region
      WHERE NOT EXISTS (SELECT FROM regions o
        WHERE o.tenant_id = r.tenant_id AND o.region <> r.region)
      GROUP BY r.tenant_id, r.region, r.last_position
      HAVING count(c.position) <> r.last_position OR count(DISTINCT c.position) <> r.last_position
        OR coalesce(max(c.position), 0) <> r.last_position`,
    'no two commands of a region have one position, and none is beyond the region’s': `
      SELECT r.region FROM regions r JOIN commands c
        ON c.tenant_id = r.tenant_id AND c.decided_region = r.region
      GROUP BY r.tenant_id, r.region, r.last_position
      HAVING count(c.position) <> count(DISTINCT c.position) OR max(c.position) > r.last_position`,
  };
  for (const [rule, sql] of Object.entries(offences)) {
    assert.deepEqual(await store.query(sql), [], rule);
  }
}
