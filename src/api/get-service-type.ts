import { fields } from '../contract/fields.ts';
import { ServiceTypeView } from '../contract/service-type.ts';
import type { Call, Route } from '../contract/route.ts';
import { formatInstant } from '../domain/slot.ts';
import { findServiceType, type ServiceTypeRow } from '../store/read/catalogue.ts';
import { catalogueId, noSuch } from './catalogue-id.ts';
import type { Dependencies } from './dependencies.ts';

export function getServiceType({ reads }: Pick<Dependencies, 'reads'>): Route {
  return {
    method: 'GET',
    path: '/v1/service-types/:code',
    operationId: 'getServiceType',
    summary: 'One service type',
    params: { code: fields.serviceTypeCode() },
    responses: { 200: ServiceTypeView },
    scopes: ['appointments:read', 'appointments:self'],
    ownership: 'tenant',
    handle: async ({ principal: { tenantId }, params }: Call) => {
      const id = catalogueId(params, 'service type');
      const row = await findServiceType(reads.of(tenantId), { tenantId, id });
      if (row === undefined) throw noSuch('service type');
      return { status: 200, body: serviceTypeView(row) };
    },
  };
}

export function serviceTypeView(row: ServiceTypeRow): ServiceTypeView {
  const { code, name, active, travel } = row;
  const stamps = {
    created_at: formatInstant(row.created_s),
    updated_at: formatInstant(row.updated_s),
  };
  return { code, name, active, travel, ...stamps };
}
