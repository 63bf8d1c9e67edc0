import fc from 'fast-check';

/** A request whose parts can still be changed. */
export interface MutableRequest {
  method: string;
  path: string;
  query: [string, string][];
  headers: Record<string, string>;
  body: string | undefined;
}

/** What a mutation is made of. */
interface Drawn {
  pick: number;
  text: string;
  json: unknown;
}

type Change = (request: MutableRequest, drawn: Drawn) => MutableRequest;

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];
const types = ['text/plain', 'application/xml', 'application/json; charset=latin1', ''];
const heeded = ['prefer', 'if-match', 'if-none-match', 'idempotency-key', 'traceparent', 'accept'];

const inBody: Record<string, Change> = {
  dropMember: (request, { pick }) => {
    const members = objectIn(request.body);
    const name = nameIn(members, pick);
    return withBody(
      request,
      JSON.stringify(Object.fromEntries(Object.entries(members).filter(([key]) => key !== name))),
    );
  },
  replaceMember: (request, { pick, json }) => {
    const members = objectIn(request.body);
    return withBody(request, JSON.stringify({ ...members, [nameIn(members, pick)]: json }));
  },
  addMember: (request, { text, json }) =>
    withBody(request, withMember(objectIn(request.body), text, json)),
  repeatMember: (request, { pick, json }) => {
    const members = objectIn(request.body);
    return withBody(request, withMember(members, nameIn(members, pick), json));
  },
  cutBody: (request, { pick }) => withBody(request, (request.body ?? '{"a"').slice(0, pick)),
  nestBody: (request, { pick }) => withBody(request, '['.repeat(pick) + ']'.repeat(pick)),
  swellBody: (request) =>
    withBody(request, withMember(objectIn(request.body), 'padding', 'x'.repeat(70_000))),
  otherBody: (request, { json }) => withBody(request, JSON.stringify(json)),
  unexpectedBody: (request) => withBody(request, '{}'),
};

const inQuery: Record<string, Change> = {
  replaceQuery: (request, drawn) => {
    const at = placeIn(request.query, drawn.pick);
    const query = request.query.map(([name, value], index): [string, string] => [
      name,
      index === at ? valueOf(drawn) : value,
    ]);
    return { ...request, query };
  },
  repeatQuery: (request, drawn) => {
    const [name] = request.query[placeIn(request.query, drawn.pick)] ?? ['limit'];
    return { ...request, query: [...request.query, [name, valueOf(drawn)]] };
  },
  addQuery: (request, drawn) => ({
    ...request,
    query: [...request.query, [drawn.text.toWellFormed(), valueOf(drawn)]],
  }),
  dropQuery: (request, { pick }) => {
    const at = placeIn(request.query, pick);
    return { ...request, query: request.query.filter((_, index) => index !== at) };
  },
};

const inRest: Record<string, Change> = {
  otherType: (request, { pick }) => withHeader(request, 'content-type', types[pick % 4] ?? ''),
  compress: (request) => withHeader(request, 'content-encoding', 'gzip'),
  noCredentials: (request) => {
    const kept = Object.entries(request.headers).filter(([name]) => name !== 'authorization');
    return { ...request, headers: Object.fromEntries(kept) };
  },
  badCredentials: (request, { text }) =>
    withHeader(request, 'authorization', `Bearer ${visible(text)}`),
  otherMethod: (request, { pick }) => ({ ...request, method: methods[pick % 8] ?? 'GET' }),
  spoilPath: (request, { text }) => ({
    ...request,
    path: request.path.replace(/[^/]*$/, encodeURIComponent(text.toWellFormed()) || '%zz'),
  }),
  longerPath: (request, { text }) => ({
    ...request,
    path: `${request.path}/${encodeURIComponent(text.toWellFormed())}`,
  }),
  spoilHeader: (request, { pick, text }) =>
    withHeader(request, heeded[pick % 6] ?? 'prefer', visible(text)),
  headerKey: (request, { pick }) =>
    withHeader(request, 'idempotency-key', `"key-${pick}-0123456789"`),
  requestId: (request, { text }) => withHeader(request, 'x-request-id', visible(text)),
};

const changes = { ...inBody, ...inQuery, ...inRest };

/** One thing that is wrong with a request. */
export interface Mutation extends Drawn {
  kind: string;
}

const nasty = fc.constantFrom<unknown>(
  ...['', '\0', '\ud800', '__proto__', 'constructor', '%00', '../..', '2035-02-30T00:00:00Z'],
  ...['00000000-0000-0000-0000-000000000000', 'a'.repeat(300), '🦊'.repeat(70), "'; --"],
  ...[-0, 1e308, -1, 2 ** 53, 0.5, true, null, [], {}, [[]], { a: { b: null } }],
);

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom(...Object.keys(changes)),
  pick: fc.nat({ max: 1_000 }),
  text: fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.string({ maxLength: 40 })),
  json: fc.oneof(nasty, fc.jsonValue({ maxDepth: 3 })),
});

export function mutate(request: MutableRequest, { kind, ...drawn }: Mutation): MutableRequest {
  return changes[kind]?.(request, drawn) ?? request;
}

function withBody(request: MutableRequest, body: string): MutableRequest {
  return { ...withHeader(request, 'content-type', 'application/json'), body };
}

function withHeader(request: MutableRequest, name: string, value: string): MutableRequest {
  return { ...request, headers: { ...request.headers, [name]: value } };
}

function nameIn(members: Record<string, unknown>, pick: number): string {
  const names = Object.keys(members);
  return names[placeIn(names, pick)] ?? 'name';
}

function placeIn(list: readonly unknown[], pick: number): number {
  return pick % Math.max(list.length, 1);
}

/** Percent-encoding knows no lone surrogates. */
function valueOf({ json, text }: Drawn): string {
  return (typeof json === 'string' ? json : text).toWellFormed();
}

/** What a header may hold. */
function visible(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').trim();
}

function objectIn(body: string | undefined): Record<string, unknown> {
  try {
    const value = JSON.parse(body ?? '{}') as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

/** As text, because an object cannot have a member twice, nor one named __proto__. */
function withMember(members: Record<string, unknown>, name: string, value: unknown): string {
  const inner = JSON.stringify(members).slice(1, -1);
  return `{${inner}${inner === '' ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}}`;
}
