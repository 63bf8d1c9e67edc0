import type { OpenApiDocument, Operation } from './openapi-check.ts';

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
  /** Which operations its answer leads to, with the expression of their id. */
  links: ReadonlyMap<string, string>;
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
  const links = Object.entries(responses[status]?.links ?? {});
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
    links: new Map(links.map(([target, link]) => [target, link.parameters['id'] ?? ''])),
  };
}
