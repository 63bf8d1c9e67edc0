import type { FastifyReply } from 'fastify';
import { parseIfMatch } from '../contract/etag.ts';
import { isIdempotencyKey, keyOfHeader } from '../contract/idempotency-key.ts';
import { parseJsonBody } from '../contract/json-body.ts';
import { Problem, type Violation } from '../contract/problem.ts';
import type { Principal, Scope } from '../contract/principal.ts';
import type { Random } from '../io/random.ts';
import type { MountedRoute } from './mounted-route.ts';
import { RequestCall } from './request-call.ts';
import { mergeViolations } from './merge-violations.ts';

// The order of checks after 404, 405 and 413, which the server settles while it reads: media type,
// credentials, (rate limit,) scope, form of body and headers, rules of the request alone. The first
// that fails answers, so what a caller learns never exceeds what the caller may know.

export interface ReceivedRequest {
  params: Record<string, string>;
  /** The answer in the making; closes early when the client goes away. */
  response: Response;
  /** The text after the `?`. */
  search: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  contentType: string | undefined;
  /** Empty where the request has no body. */
  body: Buffer;
  requestId: string;
}

type Response = FastifyReply['raw'];

export interface Admission {
  authenticate: (authorization: string | undefined) => Principal | Promise<Principal>;
  random: Random;
}

const jsonType = /^application\/json[ \t]*(?:;[ \t]*(?:charset=(?:utf-8|"utf-8")[ \t]*)?)*$/i;
// Only public routes see it, and those do not look.
const nobody = undefined as unknown as Principal;
const noViolations: readonly Violation[] = [];
const nothingAsked = { query: Object.freeze({}), violations: noViolations };

/** Takes a request through the checks; throws the problem of the first that fails. */
export async function admitRequest(
  mounted: MountedRoute,
  received: ReceivedRequest,
  { authenticate, random }: Admission,
): Promise<RequestCall> {
  const { route, checkBody } = mounted;
  const { body: bytes, headers, search } = received;
  if (checkBody !== undefined && bytes.length > 0) requireJson(received);
  let principal = nobody;
  if (route.ownership !== 'public') {
    principal = await authenticate(headers.authorization as string | undefined);
    // Rate limits (429) have their place here: the principal is known, nothing else was done.
    requireScope(principal, route.scopes);
    // A provider has only what is booked on its resource, and no part in a customer's own.
    if (principal.resourceId !== null && route.ownership === 'customer') {
      throw new Problem('forbidden', 'This is not for who works for one resource alone.');
    }
  }
  const body = checkBody === undefined ? undefined : readBody(mounted, received);
  if (route.method !== 'GET') parseIfMatch(headers['if-match'] as string | undefined);
  const { query, violations } =
    search === '' && route.query === undefined ? nothingAsked : mounted.checkQuery(search);
  const call = new RequestCall(received, { principal, query, body: body?.value, random });
  route.precheck?.(call);
  const found = mergeViolations([
    body?.violations ?? noViolations,
    keyViolations(mounted, body),
    body === undefined ? noViolations : (checkBody?.(body.value) ?? noViolations),
    violations,
    route.check?.(body?.value, query) ?? noViolations,
  ]);
  if (found.length > 0) throw invalid(found);
  return call;
}

function requireJson({ contentType = '', headers }: ReceivedRequest): void {
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity') {
    throw new Problem('unsupported-media-type', 'The body must not be compressed.', {
      headers: { 'accept-encoding': 'identity' },
    });
  }
  if (!jsonType.test(contentType)) {
    throw new Problem('unsupported-media-type', 'The body must be application/json in UTF-8.');
  }
}

function requireScope(principal: Principal, scopes: readonly Scope[]): void {
  for (const scope of scopes) {
    if (!principal.scopes.has(scope)) continue;
    // Without a customer there is nothing that this scope could be narrowed to.
    if (scope !== 'appointments:self' || principal.customerId !== null) return;
  }
  throw new Problem('forbidden', `This takes the scope ${scopes.join(' or ')}.`);
}

interface ReadBody {
  value: Record<string, unknown>;
  violations: readonly Violation[];
}

function readBody({ route }: MountedRoute, { body: bytes, headers }: ReceivedRequest): ReadBody {
  let body: ReadBody;
  if (bytes.length > 0) body = parseJsonBody(bytes);
  else if (route.body === undefined || route.bodyOptional === true) {
    body = { value: {}, violations: noViolations };
  } else throw new Problem('malformed-body', 'A JSON body is required.');
  if (route.idempotent === true) {
    fillInKey(body.value, keyOfHeader(headers['idempotency-key'] as string | undefined));
  }
  return body;
}

function fillInKey(body: Record<string, unknown>, key: string | undefined): void {
  const own = body['idempotency_key'];
  if (own === undefined && key === undefined) {
    const places = 'in the body as idempotency_key or in the header Idempotency-Key';
    throw new Problem('idempotency-key-missing', `An idempotency key is required, ${places}.`);
  }
  if (own === undefined) body['idempotency_key'] = key;
  else if (key !== undefined && typeof own === 'string' && own !== key) {
    const detail = 'The header Idempotency-Key and the body carry different keys.';
    throw new Problem('idempotency-key-mismatch', detail);
  }
}

/** Beside the schema, which may not spell the rule out, and in words instead of a pattern. */
function keyViolations({ route }: MountedRoute, body: ReadBody | undefined): readonly Violation[] {
  const key = body?.value['idempotency_key'];
  if (route.idempotent !== true || typeof key !== 'string' || isIdempotencyKey(key)) {
    return noViolations;
  }
  const message =
    'must be a UUID v4, or 16 to 64 characters of A-Z a-z 0-9 + / _ - and up to two =';
  return [{ pointer: '/idempotency_key', code: 'format', message }];
}

function invalid(errors: readonly Violation[]): Problem {
  const [first] = errors;
  const rest = errors.length > 1 ? `, and ${errors.length - 1} more` : '';
  const place = first?.parameter ?? first?.pointer ?? '';
  return new Problem('validation-failed', `${place} ${first?.message ?? ''}${rest}.`.trim(), {
    members: { errors: [...errors] },
  });
}
