import assert from 'node:assert/strict';
import { callers, type Caller } from './callers.ts';

/**
 * Who may do what: every call that any port of the service answers, and for each caller what comes
 * of it. A note behind a colon is a variant of the call. What each of them sends is in `probes.ts`.
 *
 *   yes   served: shows or does what was asked, on what is there for it
 *   all   a list of all rows of the tenant that the filter lets through
 *   mine  a list of those of them that are the caller's own
 *   none  served, with nothing of the tenant `home` in it
 *   304, 4xx  this status
 */
const table = `
                                              owner other desk doer doer2 ops link bare away void
POST /v1/appointments                         yes   403   yes  403  403   403 yes  403  none 401
POST /v1/appointments: again                  yes   403   yes  403  403   403 yes  403  none 401
POST /v1/appointments: another's used key     403   422   422  403  403   403 422  403  none 401
GET /v1/appointments                          mine  mine  all  mine mine  all all  403  none 401
GET /v1/appointments: of a customer           all   403   all  mine mine  all all  403  none 401
GET /v1/appointments: on a resource           mine  mine  all  all  403   all all  403  none 401
GET /v1/appointments/{id}                     yes   404   yes  yes  404   yes yes  403  404  401
GET /v1/appointments/{id}: seen before        304   404   304  304  404   304 304  403  404  401
GET /v1/appointments/{id}/timeline            yes   404   yes  yes  404   yes yes  403  404  401
GET /v1/commands/{id}                         yes   404   yes  yes  404   yes yes  403  404  401
PATCH /v1/appointments/{id}                   yes   404   yes  yes  404   403 yes  403  404  401
PATCH /v1/appointments/{id}: another time     yes   404   yes  yes  404   403 yes  403  404  401
PATCH /v1/appointments/{id}: old version      412   404   412  412  404   403 412  403  404  401
PATCH /v1/appointments/{id}: again            yes   404   yes  yes  404   403 yes  403  404  401
PATCH /v1/appointments/{id}: used key         422   404   422  422  404   403 422  403  404  401
POST /v1/appointments/{id}/cancel             yes   404   yes  yes  404   403 yes  403  404  401
POST /v1/appointments/{id}/cancel: again      yes   404   yes  yes  404   403 yes  403  404  401
POST /v1/appointments/{id}/start              403   403   yes  yes  404   403 yes  403  404  401
POST /v1/appointments/{id}/complete           403   403   yes  yes  404   403 yes  403  404  401
POST /v1/appointments/{id}/fail               403   403   yes  yes  404   403 yes  403  404  401
POST /v1/appointments/{id}/fail: too late     403   403   409  409  404   403 409  403  404  401
GET /v1/availability                          all   all   all  mine mine  all all  403  none 401
GET /v1/availability: of a resource           yes   yes   yes  yes  403   yes yes  403  none 401
GET /v1/customers                             mine  mine  all  403  403   all all  403  none 401
GET /v1/customers/{id}                        yes   404   yes  403  403   yes yes  403  404  401
PUT /v1/customers/{id}                        403   403   yes  403  403   yes 403  403  none 401
GET /v1/service-types                         all   all   all  all  all   all all  403  none 401
GET /v1/service-types/{code}                  yes   yes   yes  yes  yes   yes yes  403  404  401
PUT /v1/service-types/{code}                  403   403   yes  403  403   yes 403  403  none 401
DELETE /v1/service-types/{code}               403   403   yes  403  403   yes 403  403  404  401
GET /v1/locations                             all   all   all  all  all   all all  403  none 401
GET /v1/locations/{id}                        yes   yes   yes  yes  yes   yes yes  403  404  401
PUT /v1/locations/{id}                        403   403   yes  403  403   yes 403  403  none 401
DELETE /v1/locations/{id}                     403   403   yes  403  403   yes 403  403  404  401
GET /v1/resources                             all   all   all  all  all   all all  403  none 401
GET /v1/resources/{id}                        yes   yes   yes  yes  yes   yes yes  403  none 401
PUT /v1/resources/{id}                        403   403   yes  403  403   yes 403  403  none 401
DELETE /v1/resources/{id}                     403   403   yes  403  403   yes 403  403  404  401
GET /v1/resources/{id}/absences               403   403   yes  403  403   yes 403  403  404  401
POST /v1/resources/{id}/absences              403   403   yes  403  403   yes 403  403  404  401
POST /v1/resources/{id}/absences: tried       403   403   yes  403  403   yes 403  403  404  401
GET /v1/resources/{id}/absences/{absence_id}  403   403   yes  403  403   yes 403  403  404  401
DELETE /v1/resources/{id}/absences/{absence_id} 403 403   yes  403  403   yes 403  403  404  401
GET /v1/events                                403   403   403  403  403   all all  403  none 401
GET /v1/events: as a stream                   403   403   403  403  403   all all  403  none 401
GET /v1/admin/tenants                         403   403   403  403  403   all 403  403  none 401
GET /v1/admin/tenants/{id}                    403   403   403  403  403   yes 403  403  404  401
PUT /v1/admin/tenants/{id}                    403   403   403  403  403   yes 403  403  404  401
GET /v1/admin/keys                            403   403   403  403  403   all 403  403  none 401
GET /v1/admin/keys: of a tenant               403   403   403  403  403   all 403  403  404  401
POST /v1/admin/keys                           403   403   403  403  403   yes 403  403  404  401
GET /v1/admin/keys/{id}                       403   403   403  403  403   yes 403  403  404  401
DELETE /v1/admin/keys/{id}                    403   403   403  403  403   yes 403  403  404  401
GET /                                         yes   yes   yes  yes  yes   yes yes  yes  yes  yes
GET /docs                                     yes   yes   yes  yes  yes   yes yes  yes  yes  yes
GET /docs/{file}                              yes   yes   yes  yes  yes   yes yes  yes  yes  yes
GET /problems/{code}                          yes   yes   yes  yes  yes   yes yes  yes  yes  yes
GET /openapi.json                             yes   yes   yes  yes  yes   yes yes  yes  yes  yes
GET /asyncapi.json                            yes   yes   yes  yes  yes   yes yes  yes  yes  yes
GET /healthz                                  yes   yes   yes  yes  yes   yes yes  yes  yes  yes
GET /readyz                                   yes   yes   yes  yes  yes   yes yes  yes  yes  yes
GET admin-port/metrics                        yes   yes   yes  yes  yes   yes yes  yes  yes  yes
GET admin-port/healthz                        yes   yes   yes  yes  yes   yes yes  yes  yes  yes
GET admin-port/readyz                         yes   yes   yes  yes  yes   yes yes  yes  yes  yes
POST internal-port/internal/wake              401   401   401  401  401   401 401  401  401  401
GET internal-port/internal/decisions          401   401   401  401  401   401 401  401  401  401
POST internal-port/internal/availability      401   401   401  401  401   401 401  401  401  401
POST internal-port/internal/absence-preview   401   401   401  401  401   401 401  401  401  401
`;

const outcomes = ['yes', 'all', 'mine', 'none'] as const;

export type Outcome = (typeof outcomes)[number] | number;

export interface Row {
  /** Method and template, with the note. */
  name: string;
  /** Method and template. */
  route: string;
  cells: Record<Caller, Outcome>;
}

export const matrix: readonly Row[] = rowsOf(table);

function rowsOf(text: string): Row[] {
  const [head = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '');
  assert.deepEqual(head.trim().split(/ +/), callers);
  return lines.map((line) => {
    const words = line.split(/ +/);
    const cells = words.splice(-callers.length).map(outcomeOf);
    const name = words.join(' ');
    return {
      name,
      route: name.replace(/: .*$/, ''),
      cells: Object.fromEntries(callers.map((caller, index) => [caller, cells[index]])) as never,
    };
  });
}

function outcomeOf(word: string): Outcome {
  const outcome = outcomes.find((known) => known === word) ?? Number(word);
  assert.ok(!Number.isNaN(outcome), `${word} is no outcome`);
  return outcome;
}
