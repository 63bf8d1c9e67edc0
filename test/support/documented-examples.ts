import type { Observed, OpenApiDocument, Operation } from './openapi-check.ts';

/** One request that the document shows. */
export interface DocumentedExample {
  operationId: string;
  name: string;
  method: string;
  /** The address; `ids` go before what the example has in its path. */
  path(ids: Record<string, string>): string;
  headers: Record<string, string>;
  body: Record<string, unknown> | undefined;
  status: number;
  /** Whether it needs no credentials. */
  open: boolean;
  /** Which operations its answer leads to, with the expressions of their parameters. */
  links: ReadonlyMap<string, Record<string, string>>;
  /** The parameters of those operations, by the answer. */
  linked(answer: Observed, ids: Record<string, string>): Map<string, Record<string, string>>;
}

/**
 * Every example of the document, gathered by name from parameters and bodies; an operation that
 * shows none and needs nothing is its own example.
 */
export function documentedExamples({ paths }: OpenApiDocument): DocumentedExample[] {
  return Object.entries(paths).flatMap(([template, operations]) =>
    Object.entries(operations).flatMap(([verb, operation]) => {
      const statuses = operation['x-example-status'] ?? plainStatus(operation);
      return Object.entries(statuses).map(([name, status]) => {
        return example({ template, method: verb.toUpperCase(), operation, name, status });
      });
    }),
  );
}

function plainStatus({ parameters, requestBody, responses }: Operation): Record<string, number> {
  const isNeeded = requestBody?.required === true || parameters.some(({ required }) => required);
  return isNeeded ? {} : { plain: Number(Object.keys(responses)[0]) };
}

interface Found {
  template: string;
  method: string;
  operation: Operation;
  name: string;
  status: number;
}

function example({ template, method, operation, name, status }: Found): DocumentedExample {
  const { operationId, parameters, requestBody, security, responses } = operation;
  const given = (place: string): [string, string][] =>
    parameters.flatMap((parameter) => {
      const value = parameter.in === place ? parameter.examples?.[name]?.value : undefined;
      return value === undefined ? [] : [[parameter.name, String(value)]];
    });
  const query = new URLSearchParams(given('query')).toString();
  const fromPath = Object.fromEntries(given('path'));
  const links = new Map(
    Object.entries(responses[status]?.links ?? {}).map(([target, link]) => [
      target,
      link.parameters,
    ]),
  );
  return {
    operationId,
    name,
    method,
    path: (ids) =>
      template.replace(/\{(\w+)\}/g, (_, key: string) => ids[key] ?? fromPath[key] ?? '') +
      (query === '' ? '' : `?${query}`),
    headers: Object.fromEntries(given('header')),
    body: requestBody?.content['application/json']?.examples?.[name]
      ?.value as DocumentedExample['body'],
    status,
    open: security.length === 0,
    links,
    linked: (answer, ids) => {
      const value = evaluator(answer, { ...fromPath, ...ids });
      return new Map(
        [...links].map(([target, expressions]) => [
          target,
          Object.fromEntries(Object.entries(expressions).map(([key, text]) => [key, value(text)])),
        ]),
      );
    },
  };
}

/** The runtime expressions of OpenAPI, as far as the document has them. */
function evaluator(
  { headers, body }: Observed,
  path: Record<string, string>,
): (expression: string) => string {
  return (expression) => {
    const [, place, name = ''] =
      /^\$(response\.body#\/|response\.header\.|request\.path\.)(.+)$/.exec(expression) ?? [];
    if (place === 'response.header.') return headers[name.toLowerCase()] ?? '';
    if (place === 'request.path.') return path[name] ?? '';
    return String((JSON.parse(String(body)) as Record<string, unknown>)[name]);
  };
}
