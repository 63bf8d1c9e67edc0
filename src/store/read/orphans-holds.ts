import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';
import type { OrphanRow, Pages } from './orphans.ts';

export type HoldOrphan = Pick<OrphanRow, 'tenant_id' | 'appointment_id'> & { region: string };

const holdsOfNobody = statement<HoldOrphan>(
  'holds_of_nobody',
  `SELECT h.tenant_id, h.appointment_id, h.region FROM slot_holds h
  WHERE h.ctid >= $1::tid AND h.ctid < $2::tid AND NOT EXISTS (
    SELECT FROM appointments a
    WHERE a.tenant_id = h.tenant_id AND a.appointment_id = h.appointment_id OFFSET 0)`,
);

/** Holds in these pages whose appointment is not there at all. */
export function findOrphanHolds(queries: Queries, { from, to }: Pages): Promise<HoldOrphan[]> {
  return queries.run(holdsOfNobody, [`(${from},0)`, `(${to},0)`]);
}
