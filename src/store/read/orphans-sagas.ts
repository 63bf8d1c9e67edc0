import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';
import type { Pages } from './orphans.ts';

export interface SagaOrphan {
  tenant_id: string;
  saga_id: string;
  appointment_id: string;
}

const sagasWithoutTask = statement<SagaOrphan>(
  'sagas_without_task',
  `SELECT s.tenant_id, s.saga_id, s.appointment_id FROM sagas s
  WHERE s.ctid >= $2::tid AND s.ctid < $3::tid AND s.finished_at IS NULL
    AND s.created_at < now() - make_interval(secs => $1)
    AND NOT EXISTS (
      SELECT FROM tasks t WHERE t.tenant_id = s.tenant_id
        AND t.lane IN ('saga', 'calendar')
        AND t.ordering_key = s.appointment_id::text AND t.saga_id = s.saga_id OFFSET 0)
    AND NOT EXISTS (SELECT FROM dead_letters d WHERE d.saga_id = s.saga_id OFFSET 0)`,
);

/** Sagas in these pages, older than `graceSeconds`, that are not ended and that nobody runs. */
export function findOrphanSagas(
  queries: Queries,
  { graceSeconds }: { graceSeconds: number },
  { from, to }: Pages,
): Promise<SagaOrphan[]> {
  return queries.run(sagasWithoutTask, [graceSeconds, `(${from},0)`, `(${to},0)`]);
}
