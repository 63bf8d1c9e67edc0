import { CustomerView } from '../contract/customer.ts';
import { fields } from '../contract/fields.ts';
import { Problem } from '../contract/problem.ts';
import type { Call, Route } from '../contract/route.ts';
import { formatInstant } from '../domain/slot.ts';
import { findCustomer, type CustomerRow } from '../store/read/customers.ts';
import type { Dependencies } from './dependencies.ts';
import { uuidOf } from './uuid-of.ts';

export function getCustomer({ reads }: Pick<Dependencies, 'reads'>): Route {
  return {
    method: 'GET',
    path: '/v1/customers/:id',
    operationId: 'getCustomer',
    summary: 'One customer',
    params: { id: fields.uuid() },
    responses: { 200: CustomerView },
    scopes: ['appointments:read', 'appointments:self'],
    ownership: 'customer',
    handle: async ({ principal, params }: Call) => {
      const id = uuidOf(params, 'customer');
      const row = await findCustomer(reads.of(principal.tenantId), { id, reach: principal });
      if (row === undefined) throw new Problem('not-found', 'there is no such customer');
      return { status: 200, body: customerView(row) };
    },
  };
}

export function customerView(row: CustomerRow): CustomerView {
  const { customer_id: id, name, email, phone, locale, time_zone } = row;
  const stamps = {
    created_at: formatInstant(row.created_s),
    updated_at: formatInstant(row.updated_s),
  };
  return { id, name, email, phone, locale, time_zone, ...stamps };
}
