import fc from 'fast-check';
import type { JsonSchema, OpenApiDocument, Operation, Parameter } from './openapi-check.ts';
import { mutate, mutation, type Mutation } from './request-mutation.ts';
import { schemaArbitrary } from './schema-arbitrary.ts';

/** A request that is made from the document, not yet bound to what the service holds. */
export interface GeneratedRequest {
  operationId: string;
  method: string;
  template: string;
  /** By name: a value of its own, or which of the known ones. */
  params: Record<string, { own: string; pick: number }>;
  query: [string, string][];
  headers: Record<string, string>;
  body: Record<string, unknown> | undefined;
  open: boolean;
  mutations: Mutation[];
}

export interface BoundRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
}

/** Requests of all operations alike; half of them as documented, half with something wrong. */
export function generatedRequest(document: OpenApiDocument): fc.Arbitrary<GeneratedRequest> {
  const operations = Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([verb, operation]) =>
      ofOperation({ template, method: verb.toUpperCase(), operation }, document),
    ),
  );
  return fc
    .tuple(
      fc.oneof(...operations),
      fc.boolean(),
      fc.array(mutation, { minLength: 1, maxLength: 2 }),
    )
    .map(([request, valid, mutations]) => ({ ...request, mutations: valid ? [] : mutations }));
}

interface Described {
  template: string;
  method: string;
  operation: Operation;
}

function ofOperation(
  { template, method, operation }: Described,
  { components: { schemas } }: OpenApiDocument,
): fc.Arbitrary<Omit<GeneratedRequest, 'mutations'>> {
  const { operationId, parameters, requestBody, security } = operation;
  const at = (place: Parameter['in']): Parameter[] =>
    parameters.filter((parameter) => parameter.in === place);
  const value = ({ name, schema }: Parameter): fc.Arbitrary<unknown> =>
    schemaArbitrary(schema, { name, schemas });
  const params = fc.record(
    Object.fromEntries(
      at('path').map((parameter) => [
        parameter.name,
        fc.record({
          own: fc.oneof(...ownValues(parameter, value(parameter))),
          pick: fc.nat({ max: 1_000 }),
        }),
      ]),
    ),
  );
  const query = fc.record(Object.fromEntries(at('query').map((each) => [each.name, value(each)])), {
    requiredKeys: at('query').flatMap(({ name, required }) => (required ? [name] : [])),
  });
  const headers = fc.record(
    Object.fromEntries(
      at('header').flatMap(({ name }) =>
        headerValues[name] === undefined ? [] : [[name, fc.constantFrom(...headerValues[name])]],
      ),
    ),
    { requiredKeys: [] },
  );
  const schema = requestBody?.content['application/json']?.schema;
  const body = schema === undefined ? fc.constant(undefined) : bodyOf(schema, schemas);
  return fc.record({ params, query, headers, body }).map((drawn) => ({
    operationId,
    method,
    template,
    params: drawn.params,
    query: Object.entries(drawn.query).map(([name, given]) => [name, String(given)]),
    headers: drawn.headers as Record<string, string>,
    body: drawn.body,
    open: security.length === 0,
  }));
}

function bodyOf(
  schema: JsonSchema,
  schemas: Record<string, JsonSchema>,
): fc.Arbitrary<Record<string, unknown>> {
  return schemaArbitrary(schema, { name: '', schemas }) as fc.Arbitrary<Record<string, unknown>>;
}

function ownValues(
  { examples = {} }: Parameter,
  generated: fc.Arbitrary<unknown>,
): fc.Arbitrary<string>[] {
  const shown = Object.values(examples).map(({ value }) => String(value));
  return [generated.map(String), ...(shown.length > 0 ? [fc.constantFrom(...shown)] : [])];
}

const headerValues: Record<string, string[]> = {
  Prefer: ['wait=0', 'wait=1', 'respond-async', 'wait=none'],
  'If-Match': ['*', '"1"', '"2"', '"3"', 'W/"3"'],
  'If-None-Match': ['*', '"1"', '"3"', '"a", "3"'],
};

/** Ids of what the service has answered, by the collection that their path begins with. */
export type KnownIds = Map<string, string[]>;

/** The collection that a path is about: `appointments`, or `admin/keys`. */
export function collectionOf(path: string): string {
  const [, , first = '', second = ''] = path.split('?')[0]?.split('/') ?? [];
  return first === 'admin' ? `admin/${second}` : first;
}

/** The request with ids that exist where it names one of the known, and with its mutations. */
export function bound(request: GeneratedRequest, known: KnownIds, key: string): BoundRequest {
  const collection = collectionOf(request.template);
  const path = request.template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const { own = '', pick = 0 } = request.params[name] ?? {};
    const all = known.get(name === 'id' || name === 'code' ? collection : name) ?? [];
    // Often one of the last, so that what was just started is also completed.
    const ids = pick % 3 === 0 ? all.slice(-3) : all;
    const usesKnown = ids.length > 0 && pick % 4 !== 0;
    return encodeURIComponent(usesKnown ? (ids[pick % ids.length] ?? own) : own);
  });
  const plain = {
    method: request.method,
    path,
    query: request.query,
    headers: {
      ...request.headers,
      ...(!request.open && { authorization: `Bearer ${key}` }),
      ...(request.body !== undefined && { 'content-type': 'application/json' }),
    },
    body: request.body === undefined ? undefined : JSON.stringify(request.body),
  };
  const { query, ...rest } = request.mutations.reduce(mutate, plain);
  const search = query.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
  return { ...rest, path: rest.path + (search === '' ? '' : `?${search}`) };
}
