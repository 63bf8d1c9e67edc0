import { Type, type TSchema } from 'typebox';
import { textViolation } from '../contract/json-body.ts';
import type { Violation } from '../contract/problem.ts';
import { compileSchema } from './schema-check.ts';

export interface CheckedQuery {
  query: Record<string, unknown>;
  violations: Violation[];
}

/** Reads the text after the `?` of a URL by one route's schema. */
export type QueryCheck = (search: string) => CheckedQuery;

const noParameters = Type.Object({}, { additionalProperties: false });

/**
 * Parameters arrive as text: those that the schema declares as numbers or booleans are converted,
 * where they can be. A parameter given twice, or not decodable, is a violation.
 */
export function compileQuery(schema: TSchema = noParameters): QueryCheck {
  const check = compileSchema(schema);
  const kinds = parameterTypes(schema);
  return (search) => {
    const violations: Violation[] = [];
    // Without a prototype, so that __proto__ is a name like any other.
    const query = Object.create(null) as Record<string, unknown>;
    for (const pair of search.split('&')) {
      if (pair !== '') readPair(pair, { query, violations, kinds });
    }
    const reported = new Set(violations.map(({ parameter }) => parameter));
    for (const { pointer = '', code, message } of check(query)) {
      const parameter = parameterOf(pointer);
      if (!reported.has(parameter)) violations.push({ parameter, code, message });
    }
    return { query, violations };
  };
}

interface Reading extends CheckedQuery {
  kinds: ReadonlyMap<string, unknown>;
}

function readPair(pair: string, { query, violations, kinds }: Reading): void {
  const equals = pair.indexOf('=');
  const rawName = equals < 0 ? pair : pair.slice(0, equals);
  const name = decode(rawName);
  const text = equals < 0 ? '' : decode(pair.slice(equals + 1));
  const parameter = name ?? rawName;
  if (name === undefined || text === undefined) {
    violations.push({ parameter, code: 'encoding', message: 'is not percent-encoded UTF-8' });
    return;
  }
  const unfit = textViolation(name) ?? textViolation(text);
  if (unfit !== undefined) violations.push({ parameter, ...unfit });
  if (Object.hasOwn(query, name)) {
    violations.push({ parameter, code: 'repeated', message: 'is given more than once' });
  }
  query[name] = convert(text, kinds.get(name));
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function convert(text: string, type: unknown): unknown {
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (type === 'number' && /^-?\d{1,15}(\.\d{1,15})?$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function parameterTypes(schema: TSchema): ReadonlyMap<string, unknown> {
  const { properties = {} } = schema as { properties?: Record<string, { type?: unknown }> };
  return new Map(Object.entries(properties).map(([name, { type }]) => [name, type]));
}

function parameterOf(pointer: string): string {
  return pointer.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
}
