import fc from 'fast-check';
import type { JsonSchema } from './openapi-check.ts';

type Schemas = Record<string, JsonSchema>;

const hour = 3_600;
const monday = Date.parse('2036-01-07T00:00:00Z') / 1_000;

const instantAt = (seconds: number): string =>
  new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');

/** Quarter hours of some weeks, where the example catalogue is open now and then. */
const quarter = fc.nat({ max: 4 * 24 * 28 }).map((n) => monday + (n * hour) / 4);
const instant = fc.oneof(
  { weight: 9, arbitrary: quarter.map(instantAt) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 4e9 }).map(instantAt) },
);
const slot = fc.tuple(quarter, fc.integer({ min: 1, max: 8 })).map(([start, quarters]) => ({
  start_time: instantAt(start),
  end_time: instantAt(start + (quarters * hour) / 4),
}));
const days = fc.uniqueArray(fc.constantFrom('mon', 'tue', 'wed', 'thu', 'fri'), { minLength: 1 });
const hours = fc.record({
  days,
  start: fc.constantFrom('08:00', '09:15', '20:00'),
  end: fc.constantFrom('12:00', '18:00', '24:00', '02:00'),
});

// What a schema cannot say: values that mean something to the service.
const telling: Record<string, fc.Arbitrary<unknown>> = {
  idempotency_key: fc.uuid({ version: 4 }),
  slot,
  start_time: instant,
  end_time: instant,
  from: fc.nat({ max: 27 }).map((day) => instantAt(monday + day * 24 * hour)),
  to: fc.nat({ max: 27 }).map((day) => instantAt(monday + (day + 1) * 24 * hour)),
  service_type: fc.constantFrom('consultation', 'consultation', 'pickup', 'repair', 'haircut'),
  location: fc.constantFrom('berlin', 'sydney', 'hamburg', 'on the moon'),
  resource_id: fc.constantFrom('berlin-adviser-1', 'sydney-counter', 'nobody'),
  service_types: fc.constantFrom(['consultation'], ['consultation', 'pickup'], ['nothing']),
  locations: fc.constantFrom(['berlin'], ['sydney'], ['berlin', 'sydney'], ['nowhere']),
  time_zone: fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'Nowhere/Land'),
  region: fc.constantFrom('default', 'default', 'north'),
  tenant: fc.constantFrom('default', 'default', 'nobody'),
  working_hours: fc.array(hours, { minLength: 1, maxLength: 2 }),
  breaks: fc.array(hours, { maxLength: 1 }),
  locale: fc.constantFrom('en', 'de-CH', 'not a locale'),
  metadata: fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), {
    maxKeys: 4,
  }),
  calendar: fc.constant(null),
  state: fc.constantFrom('INIT', 'SCHEDULED,CONFIRMED', 'FAILED'),
  cursor: fc.constantFrom('', 'bm90IG91cnM'),
  after: fc.constantFrom('', 'bm90IG91cnM'),
};

/** Values that a schema of the document admits; `name` is that of the member or parameter. */
export function schemaArbitrary(
  schema: JsonSchema,
  context: { name: string; schemas: Schemas },
): fc.Arbitrary<unknown> {
  const { name, schemas } = context;
  const known = telling[name];
  if (known !== undefined) return known;
  const { $ref, anyOf, enum: words, const: only, type } = schema;
  if (typeof $ref === 'string') {
    return schemaArbitrary(schemas[$ref.split('/').at(-1) ?? ''] ?? {}, context);
  }
  if (Array.isArray(anyOf)) {
    return fc.oneof(...(anyOf as JsonSchema[]).map((each) => schemaArbitrary(each, context)));
  }
  if (Array.isArray(words)) return fc.constantFrom(...(words as unknown[]));
  if (only !== undefined) return fc.constant(only);
  if (Array.isArray(type)) {
    return fc.oneof(...type.map((each: unknown) => ofType({ ...schema, type: each }, context)));
  }
  return ofType(schema, context);
}

function ofType(
  schema: JsonSchema,
  context: { name: string; schemas: Schemas },
): fc.Arbitrary<unknown> {
  const { minimum = -1e6, maximum = 1e6 } = schema as { minimum?: number; maximum?: number };
  switch (schema['type']) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      // Mostly true: what is not active makes everything that names it a refusal.
      return fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.boolean());
    case 'integer':
      return fc.integer({ min: minimum, max: maximum });
    case 'number':
      return fc.double({ min: minimum, max: maximum, noNaN: true });
    case 'array':
      return fc.array(schemaArbitrary((schema['items'] ?? {}) as JsonSchema, context), {
        minLength: (schema['minItems'] as number | undefined) ?? 0,
        maxLength: 3,
      });
    case 'object':
      return objectOf(schema, context.schemas);
    case 'string':
      return text(schema);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectOf(schema: JsonSchema, schemas: Schemas): fc.Arbitrary<unknown> {
  const { properties = {}, required = [] } = schema as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  const members = Object.entries(properties).map(
    ([name, each]) => [name, schemaArbitrary(each, { name, schemas })] as const,
  );
  // The key may come in the header; a generated one is in the body.
  const needed = [...required, 'idempotency_key'].filter((name) => Object.hasOwn(properties, name));
  return fc.record(Object.fromEntries(members), { requiredKeys: needed });
}

function text(schema: JsonSchema): fc.Arbitrary<string> {
  const {
    pattern,
    minLength = 0,
    maxLength = 40,
  } = schema as {
    pattern?: string;
    minLength?: number;
    maxLength?: number;
  };
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  const unit = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...'abcXYZ 019-ü€😀') },
    fc.constantFrom('\u007f', '\u202e', '"', '\\', '<', '%'),
  );
  return fc.string({ unit, minLength, maxLength: Math.min(maxLength, minLength + 40) });
}
