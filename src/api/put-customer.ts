import { Customer, CustomerView } from '../contract/customer.ts';
import { fields } from '../contract/fields.ts';
import { Problem, type Violation } from '../contract/problem.ts';
import type { Answer, Call, Route } from '../contract/route.ts';
import { findCustomer } from '../store/read/customers.ts';
import { putCustomer as storeCustomer } from '../store/write/customers.ts';
import { acceptEpoch } from './accept-epoch.ts';
import { changedBy } from './changed-by.ts';
import { memberOf } from './check-slot.ts';
import { checkTimeZone } from './check-time-zone.ts';
import type { Dependencies } from './dependencies.ts';
import { customerView } from './get-customer.ts';
import { uuidOf } from './uuid-of.ts';

type Parts = Pick<Dependencies, 'database' | 'reads' | 'epoch'>;

export function putCustomer(parts: Parts): Route {
  return {
    method: 'PUT',
    path: '/v1/customers/:id',
    operationId: 'putCustomer',
    summary: 'Makes or replaces a customer',
    params: { id: fields.uuid() },
    responses: { 200: CustomerView, 201: CustomerView },
    scopes: ['catalogue:write'],
    ownership: 'tenant',
    body: Customer,
    check: checkCustomer,
    handle: (call: Call<Customer>) => handle(parts, call),
  };
}

function checkCustomer(body: unknown): Violation[] {
  const violations = checkTimeZone(memberOf(body, 'time_zone'), '/time_zone');
  const locale = memberOf(body, 'locale');
  if (typeof locale === 'string' && !isLocale(locale)) {
    const message = 'is not a language tag (BCP 47)';
    violations.push({ pointer: '/locale', code: 'unknown-locale', message });
  }
  return violations;
}

function isLocale(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
}

async function handle({ database, reads, epoch }: Parts, call: Call<Customer>): Promise<Answer> {
  const { body, params, principal } = call;
  const id = uuidOf(params, 'customer');
  const { tenantId } = principal;
  const { created } = await acceptEpoch(epoch, (current) =>
    storeCustomer(database, current, {
      tenantId,
      id,
      name: body.name ?? null,
      email: body.email ?? null,
      phone: body.phone ?? null,
      locale: body.locale ?? null,
      timeZone: body.time_zone ?? null,
      by: changedBy(call),
    }),
  );
  const row = await findCustomer(reads.of(principal.tenantId), { id, reach: principal });
  if (row === undefined) throw new Problem('not-found', 'there is no such customer');
  const headers = { location: `/v1/customers/${id}` };
  return { status: created ? 201 : 200, body: customerView(row), ...(created && { headers }) };
}
