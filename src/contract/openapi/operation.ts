import type { TSchema } from 'typebox';
import type { Route } from '../route.ts';
import type { Components, JsonSchema } from './components.ts';
import { examplesOf, type OperationExample } from './examples.ts';
import { headerParameters } from './header-parameters.ts';
import { pathParameters } from './path-template.ts';
import { responses } from './responses.ts';

export interface OperationParts {
  components: Components;
  /** Of the answers that succeed. */
  links: Record<string, unknown> | undefined;
}

const either = [{ apiKey: [] }, { token: [] }];

type Examples = Record<string, OperationExample>;
type Place = 'params' | 'query' | 'headers';

/** One route as an OpenAPI operation object. */
export function operation(route: Route, { components, links }: OperationParts): object {
  const examples = examplesOf(operationId(route));
  const open = route.ownership === 'public';
  return {
    operationId: operationId(route),
    summary: route.summary,
    tags: [tagOf(route)],
    ...(open ? { security: [] } : { security: either, 'x-scopes': [...route.scopes] }),
    parameters: parameters(route, components, examples),
    ...(route.body && { requestBody: requestBody(route, components, examples) }),
    responses: responses(route, { components, links }),
    ...(Object.keys(examples).length > 0 && { 'x-example-status': statusesOf(examples) }),
  };
}

/** Its own, or method and path: `getV1ThingsId`. */
export function operationId({ method, path, operationId: own }: Route): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return own ?? method.toLowerCase() + name;
}

function tagOf({ path }: Route): string {
  return /^\/v1\/([^/]+)/.exec(path)?.[1] ?? 'service';
}

function statusesOf(examples: Examples): Record<string, number> {
  return Object.fromEntries(Object.entries(examples).map(([name, { status }]) => [name, status]));
}

function parameters(route: Route, components: Components, examples: Examples): object[] {
  const inPath = pathParameters(route.path).map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: placed(components, route.params?.[name]),
    ...examplesAt(examples, 'params', name),
  }));
  const { properties = {}, required = [] } = (route.query ?? {}) as {
    properties?: Record<string, TSchema>;
    required?: string[];
  };
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: placed(components, schema),
    ...examplesAt(examples, 'query', name),
  }));
  const inHeader = headerParameters(route).map((parameter) => ({
    ...parameter,
    ...examplesAt(examples, 'headers', parameter.name),
  }));
  return [...inPath, ...inQuery, ...inHeader];
}

function placed(components: Components, schema: TSchema | undefined): JsonSchema {
  return schema === undefined ? { type: 'string' } : components.place(schema);
}

function examplesAt(examples: Examples, place: Place, name: string): object {
  const given = Object.entries(examples).flatMap(([key, example]) => {
    const value = example[place]?.[name];
    return value === undefined ? [] : [[key, { value }] as const];
  });
  return given.length === 0 ? {} : { examples: Object.fromEntries(given) };
}

function requestBody(route: Route, components: Components, examples: Examples): object {
  const given = Object.entries(examples).flatMap(([key, { summary, body }]) =>
    body === undefined ? [] : [[key, { summary, value: body }] as const],
  );
  return {
    required: route.bodyOptional !== true,
    content: {
      'application/json': {
        schema: requestSchema(route, components),
        ...(given.length > 0 && { examples: Object.fromEntries(given) }),
      },
    },
  };
}

/** As the edge validates it, but the key, which it fills in from the header. */
function requestSchema(route: Route, components: Components): JsonSchema {
  const schema = placed(components, route.body);
  if (route.idempotent !== true) return schema;
  const { required, ...rest } = schema as { required?: string[] };
  const demanded = (required ?? []).filter((name) => name !== 'idempotency_key');
  return { ...rest, ...(demanded.length > 0 && { required: demanded }) };
}
