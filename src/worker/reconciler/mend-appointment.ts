import { outboxShard, type Appointment } from '../../domain/appointment.ts';
import type { Queries } from '../../io/postgres.ts';
import {
  findOrphan,
  type AppointmentFault,
  type OrphanRow,
  type Scrutiny,
} from '../../store/read/orphans.ts';
import { lockRegions } from '../../store/write/lock-regions.ts';
import { lockAppointmentForRepair } from '../../store/write/repair-appointments.ts';
import { insertMissingEvents, readTrailOfEvents } from '../../store/write/repair-events.ts';
import { deleteStrayHold, putHoldBack, takeHoldPosition } from '../../store/write/repair-holds.ts';
import { startMissingSaga } from '../../store/write/repair-sagas.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import { failAppointment } from './fail-appointment.ts';
import { mendInit } from './mend-init.ts';
import { missingEvents } from './missing-events.ts';
import type { Mending } from './orphan.ts';
import { repairTransaction } from './repair-transaction.ts';

// The event of a version comes before that of the version which a repair may make.
const inOrder: readonly AppointmentFault[] = [
  'version-without-history',
  'state-without-event',
  'hold-without-booking',
  'booking-without-hold',
  'init-without-command',
  'scheduled-without-saga',
];

const trailLimit = 100;

/**
 * Repairs an appointment in one transaction: it is locked, looked at again in a statement that
 * sees all that was committed before, and mended where it is still an orphan. What others have
 * locked is in flight and passed over. Where a hold is concerned the region's row is locked first,
 * as its owner's batches do.
 */
export function mendAppointment(
  dependencies: WorkerDependencies,
  scrutiny: Scrutiny,
  suspect: OrphanRow,
): Promise<Mending[]> {
  const { epoch } = dependencies;
  return repairTransaction(dependencies, async (queries) => {
    const region = suspect.hold_region ?? suspect.region;
    const hasHoldFault = suspect.faults.some((fault) => isAboutHold(fault));
    if (hasHoldFault) await lockRegions(queries, suspect.tenant_id, [region]);
    const appointment = await lockAppointmentForRepair(queries, epoch.current(), suspect);
    if (appointment === undefined) return [];
    const found = await findOrphan(queries, scrutiny, suspect);
    const isElsewhere = found !== undefined && (found.hold_region ?? found.region) !== region;
    const mendings: Mending[] = [];
    for (const kind of inOrder) {
      if (!suspect.faults.includes(kind) || found?.faults.includes(kind) !== true) continue;
      // Another region's row would have to be locked: at the next look.
      if (isAboutHold(kind) && isElsewhere) continue;
      const action = await mend({ dependencies, queries, appointment, region }, kind);
      if (action !== undefined) mendings.push({ kind, action });
      if (action === 'appointment-failed') break;
    }
    return mendings;
  });
}

function isAboutHold(fault: AppointmentFault): boolean {
  return fault === 'hold-without-booking' || fault === 'booking-without-hold';
}

interface Patient {
  dependencies: WorkerDependencies;
  queries: Queries;
  appointment: Appointment;
  /** Whose row is locked, where a hold is concerned. */
  region: string;
}

/** What was done; undefined where there was nothing to do after all. */
async function mend(
  patient: Patient,
  fault: AppointmentFault,
): Promise<Mending['action'] | undefined> {
  const { queries, appointment, region } = patient;
  const { epoch } = patient.dependencies;
  const key = { tenant_id: appointment.tenantId, appointment_id: appointment.id };
  switch (fault) {
    case 'version-without-history':
      // Who did what, and when, is not to be invented.
      return 'unrepairable';
    case 'state-without-event':
      return writeEvents(patient);
    case 'hold-without-booking':
      return (await deleteStrayHold(queries, epoch.current(), { ...key, region }))
        ? 'hold-deleted'
        : undefined;
    case 'booking-without-hold':
      return (await putHoldBack(queries, epoch.current(), { ...key, region }))
        ? 'hold-restored'
        : giveUpPlace(patient);
    case 'init-without-command':
      return mendInit(patient, appointment);
    case 'scheduled-without-saga':
      return startSaga(patient);
  }
}

/** Its place is another's by now, or nobody knows it any more. */
async function giveUpPlace(patient: Patient): Promise<Mending['action'] | undefined> {
  const { dependencies, queries, appointment, region } = patient;
  const place = { tenant_id: appointment.tenantId, region };
  const position = await takeHoldPosition(queries, dependencies.epoch.current(), place);
  const hold = position === undefined ? undefined : { region, position };
  return failAppointment(patient, appointment, { reason: 'no-room', cause: 'compensate', hold });
}

async function writeEvents({
  dependencies: { epoch },
  queries,
  appointment,
}: Patient): Promise<Mending['action']> {
  const { tenantId, id } = appointment;
  const of = { tenant_id: tenantId, appointment_id: id, shard: outboxShard(id) };
  const events = missingEvents(appointment, await readTrailOfEvents(queries, of, trailLimit));
  if (events === undefined) return 'unrepairable';
  await insertMissingEvents(queries, epoch.current(), events);
  return 'event-written';
}

async function startSaga({
  dependencies: { epoch, random, config },
  queries,
  appointment,
}: Patient): Promise<Mending['action'] | undefined> {
  const started = await startMissingSaga(queries, epoch.current(), {
    ...{ tenant_id: appointment.tenantId, appointment_id: appointment.id },
    ...{ saga_id: random.uuidV7(), version: appointment.version },
    deadlineSeconds: config.sagaDeadlineSeconds,
  });
  return started ? 'saga-started' : undefined;
}
