import { CustomerPage } from '../contract/customer.ts';
import { ListPage } from '../contract/fields.ts';
import type { Call, Route } from '../contract/route.ts';
import { listCustomers as readPage, type CustomerRow } from '../store/read/customers.ts';
import type { Dependencies } from './dependencies.ts';
import { customerView } from './get-customer.ts';
import { Page } from './page.ts';

const page = new Page<CustomerRow>('customers', 'uuid', ({ customer_id: id }) => [id]);

export function listCustomers({ database }: Pick<Dependencies, 'database'>): Route {
  return {
    method: 'GET',
    path: '/v1/customers',
    operationId: 'listCustomers',
    summary: 'The customers, by id',
    responses: { 200: CustomerPage },
    scopes: ['appointments:read', 'appointments:self'],
    ownership: 'customer',
    query: ListPage,
    precheck: page.precheck,
    handle: async ({ principal, query }: Call<unknown, ListPage>) => {
      const { limit, after } = page.read(query);
      const { tenantId, customerId: ownerId } = principal;
      const start = after === undefined ? null : String(after[0]);
      const wanted = { tenantId, ownerId, after: start, limit: limit + 1 };
      return page.answer(await readPage(database, wanted), limit, customerView);
    },
  };
}
