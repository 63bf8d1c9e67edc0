import { AppointmentView, type Warning } from '../contract/appointment-view.ts';
import { parseIfMatch } from '../contract/etag.ts';
import { fields } from '../contract/fields.ts';
import type { Violation } from '../contract/problem.ts';
import type { Answer, Call, Route } from '../contract/route.ts';
import { UpdateAppointment } from '../contract/update-appointment.ts';
import type { Appointment } from '../domain/appointment.ts';
import { allowsNewSlot, appointmentStates } from '../domain/appointment-state.ts';
import { findAppointment } from '../store/read/appointments.ts';
import { notFound } from './accept.ts';
import { acceptAction, type ActionParts, type ActionPlan, type Wanted } from './accept-action.ts';
import { acceptWarnings } from './appointment-answer.ts';
import type { CatalogueCache } from './catalogue-cache.ts';
import { checkMetadata } from './check-metadata.ts';
import { checkSlot, instantOf, memberOf } from './check-slot.ts';
import {
  referenceProblem,
  resolveLocation,
  type ReferenceViolation,
} from './resolve-references.ts';

export interface UpdateParts extends ActionParts {
  catalogues: CatalogueCache;
}

export function updateAppointment(parts: UpdateParts): Route {
  return {
    method: 'PATCH',
    path: '/v1/appointments/:id',
    operationId: 'updateAppointment',
    summary: 'Reschedules an appointment, or changes its location or metadata',
    params: { id: fields.uuid() },
    reads: ['prefer', 'if-match'],
    problems: [
      'unknown-location',
      'ambiguous-location',
      'slot-in-the-past',
      'illegal-transition',
      'slot-unavailable',
    ],
    responses: { 200: AppointmentView, 202: AppointmentView },
    scopes: ['appointments:write', 'appointments:self'],
    ownership: 'appointment',
    body: UpdateAppointment,
    idempotent: true,
    precheck: (call) => void parseIfMatch(call.header('if-match')),
    check: (body) => checkUpdate(body),
    handle: (call: Call<UpdateAppointment>) => handle(parts, call),
  };
}

function checkUpdate(body: unknown): Violation[] {
  return [
    ...checkSlot(memberOf(body, 'slot'), '/slot'),
    ...checkMetadata(memberOf(body, 'metadata'), '/metadata'),
  ];
}

/** A PATCH in the one form in which two of equal meaning are equal; what is absent is kept. */
interface Changes {
  slot?: { start: number; end: number };
  location?: string | null;
  metadata?: Record<string, unknown> | null;
}

function normalise({ slot, location, metadata }: UpdateAppointment): Changes {
  return {
    ...(slot !== undefined && {
      slot: { start: instantOf(slot.start_time) ?? NaN, end: instantOf(slot.end_time) ?? NaN },
    }),
    ...(location !== undefined && { location }),
    ...(metadata !== undefined && {
      metadata: Object.keys(metadata ?? {}).length === 0 ? null : metadata,
    }),
  };
}

function handle(parts: UpdateParts, call: Call<UpdateAppointment>): Promise<Answer> {
  const changes = normalise(call.body);
  const { location } = changes;
  // Until the command is decided the appointment does not have the location that was sent.
  let isFree = false;
  const warnings = (appointment: Appointment): Warning[] | undefined => {
    if (isFree) return acceptWarnings({ location: location ?? null, locationKnown: false });
    return appointment.location === location ? acceptWarnings(appointment) : undefined;
  };
  return acceptAction(parts, call, {
    operation: 'update',
    key: call.body.idempotency_key,
    content: { ...changes },
    ...(typeof location === 'string' && { warnings }),
    plan: async (wanted) => {
      const { free, ...planned } = await plan(parts, changes, wanted);
      isFree = free;
      return planned;
    },
  });
}

async function plan(
  parts: UpdateParts,
  changes: Changes,
  wanted: Wanted,
): Promise<ActionPlan & { free: boolean }> {
  const { slot, location, metadata } = changes;
  const opaque = metadata === undefined ? {} : { metadata: textOf(metadata) };
  if (slot === undefined && location === undefined) return { payload: opaque, free: false };
  const before = await findAppointment(parts.dependencies.reads.of(wanted.reach.tenantId), wanted);
  if (before === undefined) throw notFound();
  const newSlot = slot !== undefined && (slot.start !== before.start || slot.end !== before.end);
  const place = await placeOf(parts, location, before);
  const violations: ReferenceViolation[] = 'violation' in place ? [place.violation] : [];
  if (newSlot && slot.end <= parts.dependencies.clock.nowSeconds()) {
    const message = 'has passed: a slot ends in the future';
    violations.push({ pointer: '/slot/end_time', code: 'slot-in-the-past', message });
  }
  const free = 'text' in place && place.text !== null && !place.known;
  const moves = newSlot || ('text' in place && place.text !== before.location);
  return {
    free,
    payload: {
      ...opaque,
      ...(slot && { slot }),
      ...(location !== undefined && 'text' in place && { location: place }),
    },
    // What is waiting to be scheduled gets through by its pending create.
    ...(moves && { allowedFrom: appointmentStates.filter(allowsNewSlot) }),
    ...(violations.length > 0 && { problem: referenceProblem(violations) }),
  };
}

type Place = { text: string | null; known: boolean } | { violation: ReferenceViolation };

/** Where the appointment shall be. Repeating what it has is no question to the catalogue. */
async function placeOf(
  { catalogues }: UpdateParts,
  location: string | null | undefined,
  before: Appointment,
): Promise<Place> {
  if (location === null) return { text: null, known: false };
  if (location === undefined || location === before.location) {
    return { text: before.location, known: before.locationKnown };
  }
  // Actions are not bound to a version of the catalogue, so it is compared before each.
  const catalogue = await catalogues.refresh(before.tenantId);
  const found = resolveLocation(catalogue, location, { knownLocationsOnly: false });
  if ('code' in found) return { violation: { pointer: '/location', ...found } };
  if (found.kind === 'catalogue') return { text: found.location.id, known: true };
  return { text: location, known: false };
}

function textOf(metadata: Record<string, unknown> | null): string | null {
  return metadata === null ? null : JSON.stringify(metadata);
}
