import { Availability, availabilityDefaults, AvailabilityView } from '../contract/availability.ts';
import type { Availability as Found, AvailabilityQuery } from '../contract/engine-link.ts';
import type { Violation } from '../contract/problem.ts';
import type { Answer, Call, Route } from '../contract/route.ts';
import { formatInstant } from '../domain/slot.ts';
import { DAY_SECONDS } from '../domain/wall-time.ts';
import type { Catalogue, CatalogueCache } from './catalogue-cache.ts';
import { instantOf, memberOf } from './check-slot.ts';
import type { Dependencies } from './dependencies.ts';
import { checkRange } from './list-appointments.ts';
import { narrowed } from './narrowed.ts';
import { referenceProblem, resolveReferences } from './resolve-references.ts';

const maxDays = 31;

export interface AvailabilityParts {
  dependencies: Pick<Dependencies, 'engine'>;
  catalogues: CatalogueCache;
}

export function availability(parts: AvailabilityParts): Route {
  return {
    method: 'GET',
    path: '/v1/availability',
    operationId: 'getAvailability',
    summary: 'Slots that would be accepted now',
    problems: [
      'unknown-service-type',
      'unknown-location',
      'ambiguous-location',
      'unknown-resource',
    ],
    responses: { 200: AvailabilityView },
    scopes: ['appointments:read', 'appointments:self'],
    ownership: 'tenant',
    query: Availability,
    check: (_body, query) => checkAvailability(query),
    handle: (call: Call<unknown, Availability>) => handle(parts, call),
  };
}

function checkAvailability(query: unknown): Violation[] {
  const violations = checkRange(query);
  const from = instantOf(memberOf(query, 'from'));
  const to = instantOf(memberOf(query, 'to'));
  if (from !== undefined && to !== undefined && to - from > maxDays * DAY_SECONDS) {
    const message = `must be at most ${maxDays} days after from`;
    violations.push({ parameter: 'to', code: 'range-too-long', message });
  }
  // To answer it with what `direct` finds would say that nothing more is free.
  if (memberOf(query, 'mode') === 'movable') {
    const message = 'movable is not available yet: only direct';
    violations.push({ parameter: 'mode', code: 'not-available-yet', message });
  }
  return violations;
}

async function handle(
  { dependencies: { engine }, catalogues }: AvailabilityParts,
  { principal, query }: Call<unknown, Availability>,
): Promise<Answer> {
  const { tenantId } = principal;
  const resourceId = narrowed({ own: principal.resourceId, asked: query.resource_id });
  const references = {
    serviceType: query.service_type,
    location: query.location ?? null,
    resourceId: resourceId ?? null,
  };
  const resolve = (catalogue: Catalogue) =>
    resolveReferences(catalogue, references, {
      place: (parameter) => ({ parameter }),
      knownLocationsOnly: true,
    });
  let resolved = resolve(await catalogues.get(tenantId));
  if (resolved.violations.length > 0) resolved = resolve(await catalogues.refresh(tenantId));
  if (resolved.violations.length > 0) throw referenceProblem(resolved.violations);

  const { location } = resolved;
  const asked: AvailabilityQuery = {
    tenantId,
    serviceType: query.service_type,
    from: instantOf(query.from) ?? NaN,
    to: instantOf(query.to) ?? NaN,
    durationSeconds: (query.duration_minutes ?? availabilityDefaults.durationMinutes) * 60,
    stepSeconds: (query.step_minutes ?? availabilityDefaults.stepMinutes) * 60,
    limit: query.limit ?? availabilityDefaults.limit,
    ...(location.kind === 'catalogue' && {
      location: { kind: 'catalogue', id: location.location.id },
    }),
    ...(resourceId !== undefined && { resourceId }),
  };
  return { status: 200, body: availabilityView(await engine.availability(asked)) };
}

function availabilityView({ slots, asOf }: Found): AvailabilityView {
  return {
    slots: slots.map(({ start, end, free }) => ({
      start_time: formatInstant(start),
      end_time: formatInstant(end),
      mode: 'direct',
      free,
    })),
    as_of: formatInstant(asOf),
  };
}
