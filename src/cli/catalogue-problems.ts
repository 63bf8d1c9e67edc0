import { Customer } from '../contract/customer.ts';
import { patterns } from '../contract/fields.ts';
import { Location } from '../contract/location.ts';
import { Resource } from '../contract/resource.ts';
import { ServiceType } from '../contract/service-type.ts';
import { isTimeZone } from '../domain/time-zone.ts';
import { hoursViolations, type WorkingHours } from '../domain/working-hours.ts';
import type { CatalogueRow, Kind } from './catalogue-rows.ts';
import { schemaErrors } from './schema-errors.ts';

type Body = CatalogueRow['body'];

const errorsOf: Record<Kind, (body: unknown) => string[]> = {
  service_type: schemaErrors(ServiceType),
  location: schemaErrors(Location),
  resource: schemaErrors(Resource),
  customer: schemaErrors(Customer),
};

const idPattern: Record<Kind, RegExp> = {
  service_type: new RegExp(patterns.serviceTypeCode),
  location: new RegExp(patterns.catalogueId),
  resource: new RegExp(patterns.catalogueId),
  customer: new RegExp(patterns.uuid),
};

/** Everything wrong with the rows that they themselves show, one line each. */
export function catalogueProblems(rows: readonly CatalogueRow[]): string[] {
  const first = new Map<string, string>();
  return rows.flatMap((row) => {
    const name = `${row.kind} ${row.kind === 'customer' ? row.id.toLowerCase() : row.id}`;
    const earlier = first.get(name);
    first.set(name, row.where);
    const wrong = rowProblems(row);
    // Rows of one kind are put side by side, so two of one id would leave either.
    if (earlier !== undefined) wrong.push(`${name} is at ${earlier} too`);
    return wrong.map((problem) => `${row.where}: ${problem}`);
  });
}

function rowProblems({ kind, id, body }: CatalogueRow): string[] {
  const wrong = errorsOf[kind](body);
  if (!idPattern[kind].test(id)) {
    wrong.unshift(`/${kind === 'service_type' ? 'code' : 'id'} is not well-formed`);
  }
  return wrong.length > 0 ? wrong : [...zoneProblems(body), ...hoursProblems(kind, body)];
}

function zoneProblems({ time_zone: zone }: Body): string[] {
  if (typeof zone !== 'string' || isTimeZone(zone)) return [];
  return [`/time_zone "${zone}" is not a time zone`];
}

function hoursProblems(kind: Kind, body: Body): string[] {
  if (kind !== 'resource') return [];
  return ['working_hours', 'breaks'].flatMap((member) =>
    hoursViolations((body[member] ?? []) as WorkingHours).map(
      ({ index, member: part, message }) => `/${member}/${index}/${part} ${message}`,
    ),
  );
}
