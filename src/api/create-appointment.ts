import { appointmentEvent } from '../contract/appointment-event.ts';
import { AppointmentView } from '../contract/appointment-view.ts';
import { CreateAppointment } from '../contract/create-appointment.ts';
import { Problem, type Violation } from '../contract/problem.ts';
import type { Answer, Call, Route } from '../contract/route.ts';
import type { Appointment } from '../domain/appointment.ts';
import type { CreateRow } from '../store/write/accept-creates.ts';
import { accept, type AcceptParts, type Attempt } from './accept.ts';
import { acceptWarnings } from './appointment-answer.ts';
import type { Catalogue, CatalogueCache } from './catalogue-cache.ts';
import { checkMetadata } from './check-metadata.ts';
import { checkSlot, instantOf, memberOf } from './check-slot.ts';
import { contentHash } from './content-hash.ts';
import type { CreateIntake } from './create-intake.ts';
import type { Dependencies } from './dependencies.ts';
import type { KeyName } from './idempotency.ts';
import {
  referenceProblem,
  resolveReferences,
  type ReferenceViolation,
  type ResolvedLocation,
} from './resolve-references.ts';

export interface CreateParts extends AcceptParts {
  dependencies: Dependencies;
  creates: CreateIntake;
  catalogues: CatalogueCache;
}

export function createAppointment(parts: CreateParts): Route {
  return {
    method: 'POST',
    path: '/v1/appointments',
    operationId: 'createAppointment',
    summary: 'Books an appointment',
    reads: ['prefer'],
    problems: [
      'unknown-service-type',
      'unknown-location',
      'ambiguous-location',
      'unknown-resource',
      'slot-in-the-past',
      'slot-unavailable',
    ],
    responses: { 200: AppointmentView, 201: AppointmentView, 202: AppointmentView },
    scopes: ['appointments:write', 'appointments:self'],
    ownership: 'customer',
    body: CreateAppointment,
    idempotent: true,
    check: checkCreate,
    handle: (call: Call<CreateAppointment>) => handle(parts, call),
  };
}

function checkCreate(body: unknown): Violation[] {
  return [
    ...checkSlot(memberOf(body, 'slot'), '/slot'),
    ...checkMetadata(memberOf(body, 'metadata'), '/metadata'),
  ];
}

/** A create request in the one form in which two of equal meaning are equal. */
interface CreateRequest {
  customerId: string;
  start: number;
  end: number;
  serviceType: string;
  location: string | null;
  resourceId: string | null;
  /** Compact JSON, as sent but for white space; null for none. */
  metadata: string | null;
  /** Covers all of the above; metadata without regard to the order of members. */
  hash: string;
}

function normalise(body: CreateAppointment): CreateRequest {
  const metadata = Object.keys(body.metadata ?? {}).length === 0 ? null : body.metadata;
  const request = {
    customerId: body.customer_id.toLowerCase(),
    start: instantOf(body.slot.start_time) ?? NaN,
    end: instantOf(body.slot.end_time) ?? NaN,
    serviceType: body.service_type,
    location: body.location ?? null,
    resourceId: body.resource_id ?? null,
  };
  return {
    ...request,
    metadata: metadata === null ? null : JSON.stringify(metadata),
    hash: contentHash({ ...request, metadata }),
  };
}

async function handle(parts: CreateParts, call: Call<CreateAppointment>): Promise<Answer> {
  const { tenantId, customerId } = call.principal;
  const request = normalise(call.body);
  if (customerId !== null && customerId !== request.customerId) {
    throw new Problem('forbidden', 'a customer books for nobody else');
  }
  const { random } = parts.dependencies;
  const ids = { commandId: random.uuidV7(), appointmentId: random.uuidV7() };
  const key = { tenantId, operation: 'create', key: call.body.idempotency_key };
  return accept(parts, call, {
    operation: 'create',
    key,
    contentHash: request.hash,
    commandId: ids.commandId,
    appliedStatus: 201,
    warnings: acceptWarnings,
    attempt: () => attempt(parts, call, { request, key, ...ids }),
  });
}

interface Creation {
  request: CreateRequest;
  key: KeyName;
  commandId: string;
  appointmentId: string;
}

async function attempt(parts: CreateParts, call: Call, creation: Creation): Promise<Attempt> {
  const { request, key } = creation;
  const resolved = await resolve(parts, request, key.tenantId);
  if (resolved.violations.length > 0) {
    // The first use may have been accepted when all of this was still in order.
    const first = await parts.idempotency.firstUse(key, request.hash);
    if (first !== undefined) return { first };
    throw referenceProblem(resolved.violations);
  }
  const appointment = newAppointment(parts, creation, resolved);
  const row = createRow(call, creation, { appointment, version: resolved.catalogue.version });
  const intake = await parts.creates.submit({ row, appointment });
  if (intake !== 'not-accepted') {
    return { accepted: { appointment, decided: intake === 'decided' } };
  }
  const first = await parts.idempotency.firstUse(key, request.hash);
  // Sent both ways, and taken by the one that was slow to say so.
  if (first?.commandId === row.command_id) return { accepted: { appointment, decided: false } };
  if (first !== undefined) return { first };
  await parts.catalogues.refresh(key.tenantId);
  return 'stale';
}

interface Resolved {
  catalogue: Catalogue;
  violations: ReferenceViolation[];
  location: ResolvedLocation;
}

async function resolve(
  { catalogues, dependencies: { clock } }: CreateParts,
  request: CreateRequest,
  tenantId: string,
): Promise<Resolved> {
  const check = (catalogue: Catalogue): Resolved => {
    const place = (member: string) => ({ pointer: `/${member}` });
    const options = { place, knownLocationsOnly: false };
    const { violations, location } = resolveReferences(catalogue, request, options);
    if (request.end <= clock.nowSeconds()) {
      const message = 'has passed: a slot ends in the future';
      violations.push({ pointer: '/slot/end_time', code: 'slot-in-the-past', message });
    }
    return { catalogue, violations, location };
  };
  const known = check(await catalogues.get(tenantId));
  if (known.violations.length === 0) return known;
  return check(await catalogues.refresh(tenantId));
}

function newAppointment(
  { dependencies: { clock } }: CreateParts,
  { request, key, appointmentId }: Creation,
  { catalogue, location }: Resolved,
): Appointment {
  const now = clock.nowSeconds();
  const known = location.kind === 'catalogue';
  return {
    tenantId: key.tenantId,
    id: appointmentId,
    version: 1,
    state: 'INIT',
    customerId: request.customerId,
    start: request.start,
    end: request.end,
    serviceType: request.serviceType,
    location: known ? location.location.id : request.location,
    locationKnown: known,
    requestedResourceId: request.resourceId,
    resourceId: null,
    region: known ? location.location.region : regionOf(catalogue, request),
    metadata: request.metadata,
    reason: null,
    proof: null,
    createdAt: now,
    updatedAt: now,
  };
}

// A guess where nothing names the region: its owner hands on what it cannot place.
function regionOf({ resources, firstRegion }: Catalogue, { resourceId }: CreateRequest): string {
  return (resourceId === null ? undefined : resources.get(resourceId)?.region) ?? firstRegion;
}

function createRow(
  call: Call,
  { request, key, commandId }: Creation,
  { appointment, version }: { appointment: Appointment; version: number },
): CreateRow {
  const { traceparent, requestId, principal } = call;
  const event = appointmentEvent(appointment, { name: 'accepted', traceparent });
  return {
    tenant_id: key.tenantId,
    key: key.key,
    content_hash: request.hash,
    command_id: commandId,
    appointment_id: appointment.id,
    actor: principal.actor,
    request_id: requestId,
    traceparent,
    catalogue_version: version,
    region: appointment.region,
    customer_id: appointment.customerId,
    start_s: appointment.start,
    end_s: appointment.end,
    service_type: appointment.serviceType,
    location: appointment.location,
    location_known: appointment.locationKnown,
    requested_resource_id: appointment.requestedResourceId,
    metadata: appointment.metadata,
    created_s: appointment.createdAt,
    event_type: event.type,
    event: event.bytes,
    shard: event.shard,
  };
}
