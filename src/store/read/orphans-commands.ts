import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

export interface CommandOrphan {
  tenant_id: string;
  command_id: string;
  appointment_id: string | null;
  fault: 'command-without-region' | 'command-without-appointment';
}

// From region to region by the index of undecided commands, and of each the oldest: an owner
// decides them in that order, so what nobody will decide comes to stand in front.
const strandedCommands = statement<CommandOrphan>(
  'stranded_commands',
  `WITH RECURSIVE waiting (tenant_id, region) AS (
    (SELECT tenant_id, region FROM commands WHERE state = 'pending'
    ORDER BY tenant_id, region LIMIT 1)
    UNION ALL
    SELECT n.tenant_id, n.region FROM waiting w CROSS JOIN LATERAL (
      SELECT c.tenant_id, c.region FROM commands c
      WHERE c.state = 'pending' AND (c.tenant_id, c.region) > (w.tenant_id, w.region)
      ORDER BY c.tenant_id, c.region LIMIT 1) n)
  SELECT c.tenant_id, c.command_id, c.appointment_id, CASE
    WHEN c.appointment_id IS NULL OR a.found THEN 'command-without-region'
    ELSE 'command-without-appointment' END AS fault
  FROM waiting w CROSS JOIN LATERAL (
    SELECT * FROM commands
    WHERE state = 'pending' AND tenant_id = w.tenant_id AND region = w.region
    ORDER BY accepted_seq LIMIT $2) c
  CROSS JOIN LATERAL (SELECT EXISTS (
    SELECT FROM regions WHERE tenant_id = c.tenant_id AND region = c.region OFFSET 0) AS found) r
  CROSS JOIN LATERAL (SELECT EXISTS (
    SELECT FROM appointments
    WHERE tenant_id = c.tenant_id AND appointment_id = c.appointment_id OFFSET 0) AS found) a
  WHERE c.created_at < now() - make_interval(secs => $1)
    AND (NOT r.found OR c.appointment_id IS NOT NULL AND NOT a.found)`,
);

/**
 * Of the oldest `limit` undecided commands of each region, those older than `graceSeconds` that
 * nobody can decide: their region is not there, and so nobody's, or their appointment is not.
 */
export function findOrphanCommands(
  queries: Queries,
  { graceSeconds, limit }: { graceSeconds: number; limit: number },
): Promise<CommandOrphan[]> {
  return queries.run(strandedCommands, [graceSeconds, limit]);
}
