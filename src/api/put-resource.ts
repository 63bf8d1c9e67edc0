import { fields } from '../contract/fields.ts';
import { ForceQuery, withRepairs } from '../contract/repairs.ts';
import { Resource, ResourceView } from '../contract/resource.ts';
import type { Answer, Call, Route } from '../contract/route.ts';
import type { Resource as StoredResource, ResourceCalendar } from '../domain/catalogue.ts';
import type { CalendarPassword } from '../store/write/commands-catalogue.ts';
import { findCatalogueReferences, findResource } from '../store/read/catalogue.ts';
import { catalogueId, noSuch } from './catalogue-id.ts';
import { checkResource } from './check-resource.ts';
import { sharedRegion, type CatalogueParts } from './command-catalogue.ts';
import { resourceView } from './get-resource.ts';
import { putCatalogue } from './put-catalogue.ts';
import { referenceProblem, type ReferenceViolation } from './resolve-references.ts';

const written = withRepairs(ResourceView, 'PutResource');

export function putResource(parts: CatalogueParts): Route {
  return {
    method: 'PUT',
    path: '/v1/resources/:id',
    operationId: 'putResource',
    summary: 'Makes or replaces a resource',
    params: { id: fields.catalogueId() },
    problems: ['unknown-service-type', 'unknown-location', 'future-bookings'],
    responses: { 200: written, 201: written },
    scopes: ['catalogue:write'],
    ownership: 'tenant',
    query: ForceQuery,
    body: Resource,
    bodyLimitBytes: 1_048_576,
    check: checkResource,
    handle: (call: Call<Resource, ForceQuery>) => handle(parts, call),
  };
}

async function handle(parts: CatalogueParts, call: Call<Resource, ForceQuery>): Promise<Answer> {
  const { params, principal } = call;
  const id = catalogueId(params, 'resource');
  const { reads } = parts.dependencies;
  const { violations, region } = await references(parts, call);
  if (violations.length > 0) throw referenceProblem(violations);
  const calendarPassword = calendarPasswordOf(parts, call.body);
  return putCatalogue(parts, call, {
    operation: 'put-resource',
    region,
    value: storedResource(id, call.body, calendarPassword?.id),
    ...(calendarPassword && { calendarPassword }),
    path: `/v1/resources/${id}`,
    view: async () => {
      const row = await findResource(reads.of(principal.tenantId), {
        tenantId: principal.tenantId,
        id,
      });
      if (row === undefined) throw noSuch('resource');
      return resourceView(row);
    },
  });
}

/** It goes by a way of its own: commands are kept, and show what was asked. */
function calendarPasswordOf(
  { dependencies: { random } }: CatalogueParts,
  { calendar }: Resource,
): CalendarPassword | undefined {
  const password = calendar?.password;
  return typeof password === 'string' ? { id: random.uuidV7(), password } : undefined;
}

function storedResource(
  id: string,
  body: Resource,
  passwordId: string | undefined,
): Omit<StoredResource, 'lanes'> {
  return {
    id,
    name: body.name,
    serviceTypes: body.service_types,
    locations: body.locations,
    timeZone: body.time_zone,
    workingHours: body.working_hours,
    breaks: body.breaks ?? [],
    bufferBeforeSeconds: (body.buffer_before_minutes ?? 0) * 60,
    bufferAfterSeconds: (body.buffer_after_minutes ?? 0) * 60,
    capacity: body.capacity ?? 1,
    active: body.active ?? true,
    calendar: storedCalendar(body.calendar, passwordId),
  };
}

function storedCalendar(
  calendar: Resource['calendar'],
  passwordId: string | undefined,
): ResourceCalendar | null {
  if (calendar === undefined || calendar === null) return null;
  const { kind, url = null, username = null } = calendar;
  return { kind, url, username, passwordId: passwordId ?? null };
}

/** For a good answer: whether the change may be made is decided again by the region's owner. */
async function references(
  { dependencies: { reads } }: CatalogueParts,
  { principal: { tenantId }, body }: Call<Resource, ForceQuery>,
): Promise<{ violations: ReferenceViolation[]; region: string }> {
  const wanted = { tenantId, serviceTypes: body.service_types, locations: body.locations };
  const known = await findCatalogueReferences(reads.of(wanted.tenantId), wanted);
  const violations: ReferenceViolation[] = [];
  body.service_types.forEach((code, index) => {
    if (known.serviceTypes.has(code)) return;
    const message = `${code} is not a service type`;
    violations.push({ pointer: `/service_types/${index}`, code: 'unknown-service-type', message });
  });
  let region: string | undefined;
  body.locations.forEach((id, index) => {
    const pointer = `/locations/${index}`;
    const own = known.locations.get(id);
    if (own === undefined) {
      violations.push({ pointer, code: 'unknown-location', message: `${id} is not a location` });
    } else if (own !== (region ??= own)) {
      const message = `${id} lies in another region than the ones before it`;
      violations.push({ pointer, code: 'validation-failed', message });
    }
  });
  return { violations, region: region ?? sharedRegion };
}
