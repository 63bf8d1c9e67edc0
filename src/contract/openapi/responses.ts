import type { TSchema } from 'typebox';
import { ProblemSchema } from '../problem-schema.ts';
import { problemCodes, type ProblemCode } from '../problem.ts';
import type { Route } from '../route.ts';
import type { Components, JsonSchema } from './components.ts';
import { problemCodesOf } from './problem-codes-of.ts';
import { responseHeaders } from './response-headers.ts';

export interface ResponseParts {
  components: Components;
  links: Record<string, unknown> | undefined;
}

const meanings: Record<number, string> = {
  200: 'Done',
  201: 'Created',
  202: 'Accepted: durable, and not yet decided',
  204: 'Done',
  302: 'Found elsewhere',
  304: 'Not modified',
};

/** Every answer that a route can give, by status. */
export function responses(route: Route, parts: ResponseParts): Partial<Record<string, object>> {
  const given: Partial<Record<string, object>> = {};
  for (const [status, schema] of Object.entries(route.responses ?? {})) {
    given[status] = success(route, { ...parts, status: Number(status), schema });
  }
  if (route.reads?.includes('if-none-match') === true) {
    given[304] = { description: meanings[304], headers: responseHeaders(route, 304) };
  }
  for (const [status, codes] of problemCodesOf(route)) {
    given[status] ??= problem(route, { ...parts, status, codes });
  }
  return given;
}

function success(
  route: Route,
  { components, links, status, schema }: ResponseParts & { status: number; schema: TSchema },
): object {
  const hasBody = (schema as { type?: unknown }).type !== 'null';
  const mediaType = route.produces ?? 'application/json';
  return {
    description: meanings[status] ?? 'Not ready',
    headers: responseHeaders(route, status),
    ...(hasBody && {
      content: {
        [mediaType]: { schema: components.place(schema) },
        ...(route.streams === true && { 'text/event-stream': { schema: { type: 'string' } } }),
      },
    }),
    ...(links !== undefined && { links }),
  };
}

function problem(
  route: Route,
  { components, status, codes }: ResponseParts & { status: number; codes: ProblemCode[] },
): object {
  const narrowed: JsonSchema = {
    properties: { status: { const: status }, code: { enum: codes } },
    required: ['instance'],
  };
  const schema = { allOf: [components.place(ProblemSchema), narrowed] };
  return {
    description: codes.map((code) => `\`${code}\`: ${problemCodes[code].title}`).join('\n\n'),
    headers: responseHeaders(route, status),
    content: { 'application/problem+json': { schema } },
  };
}
