import { CustomerPage } from '../contract/customer.ts';
import type { Route } from '../contract/route.ts';
import { listCustomers as readPage, type CustomerRow } from '../store/read/customers.ts';
import type { Dependencies } from './dependencies.ts';
import { customerView } from './get-customer.ts';
import { listRoute } from './list-route.ts';

export function listCustomers({ reads }: Pick<Dependencies, 'reads'>): Route {
  return listRoute<CustomerRow>({
    name: 'customers',
    path: '/v1/customers',
    operationId: 'listCustomers',
    summary: 'The customers, by id',
    ownership: 'customer',
    pageSchema: CustomerPage,
    idKind: 'uuid',
    idOf: ({ customer_id: id }) => id,
    read: ({ principal: reach }, page) => readPage(reads.of(reach.tenantId), { reach, ...page }),
    view: customerView,
  });
}
