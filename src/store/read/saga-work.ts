import type { Appointment } from '../../domain/appointment.ts';
import type { Queries } from '../../io/postgres.ts';
import { appointmentColumns, toAppointment, type AppointmentRow } from '../appointment-row.ts';
import { statement } from '../statement.ts';

/** A saga with its appointment as it stands. */
export interface SagaWork {
  sagaId: string;
  /** The version at which the saga began: what it confirms is this version or nothing. */
  appointmentVersion: number;
  step: string;
  finished: boolean;
  appointment: Appointment;
}

type Row = AppointmentRow & {
  saga_id: string;
  appointment_version: number;
  step: string;
  finished: boolean;
};

const workOfSagas = statement<Row>(
  'work_of_sagas',
  `SELECT s.saga_id, s.appointment_version, s.step, s.finished_at IS NOT NULL AS finished,
    ${appointmentColumns}
  FROM jsonb_to_recordset($1::jsonb) AS r (tenant_id text, saga_id uuid)
  JOIN sagas s ON s.tenant_id = r.tenant_id AND s.saga_id = r.saga_id
  JOIN appointments a
    ON a.tenant_id = s.tenant_id AND a.appointment_id = s.appointment_id`,
);

/** The sagas named, by saga id; one that does not exist is absent. */
export async function findSagaWork(
  queries: Queries,
  sagas: readonly { tenant_id: string; saga_id: string }[],
): Promise<Map<string, SagaWork>> {
  const named = sagas.map(({ tenant_id, saga_id }) => ({ tenant_id, saga_id }));
  const rows = await queries.run(workOfSagas, [JSON.stringify(named)]);
  return new Map(
    rows.map((row) => [
      row.saga_id,
      {
        sagaId: row.saga_id,
        appointmentVersion: row.appointment_version,
        step: row.step,
        finished: row.finished,
        appointment: toAppointment(row),
      },
    ]),
  );
}
