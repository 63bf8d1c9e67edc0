import type { Route } from '../route.ts';

export interface HeaderObject {
  description: string;
  required: boolean;
  schema: object;
}

type Headers = Record<string, HeaderObject>;

const header = (description: string, schema: object, required = true): HeaderObject => ({
  description,
  required,
  schema,
});
const text = { type: 'string' };
const uuid = { type: 'string', pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' };
const seconds = { type: 'string', pattern: String.raw`^\d+$` };

const requestId = header("The caller's, or a new one.", {
  type: 'string',
  pattern: '^[A-Za-z0-9._-]{1,128}$',
});
const etag = header('The version of the appointment.', { type: 'string', pattern: '^"\\d+"$' });
const location = header('Where it is to be found.', { type: 'string', pattern: '^/' });
const commandId = header('What may be asked at /v1/commands/{id}.', uuid);
const preferenceApplied = header('Where the client waits.', {
  type: 'string',
  pattern: String.raw`^wait=\d+$`,
});
const replayed = header('The key has been used with the same content before.', { const: 'true' });
const retryAfter = header('Seconds.', seconds);

/** The headers that tell a client something, by status. */
export function responseHeaders(route: Route, status: number): Headers {
  return {
    'X-Request-Id': requestId,
    ...(status < 400 ? successHeaders(route, status) : problemHeaders(route, status)),
  };
}

function successHeaders(route: Route, status: number): Headers {
  const { idempotent, reads = [], responses = {} } = route;
  const { title } = (responses[status] ?? {}) as { title?: unknown };
  const isCommand = reads.includes('prefer');
  return {
    // Every answer with one appointment has it.
    ...((title === 'Appointment' || status === 304) && { ETag: etag }),
    ...((isCommand || status === 201 || status === 302) && { Location: location }),
    ...(isCommand && commandHeaders(true)),
    ...(idempotent === true && { 'Idempotency-Replayed': optional(replayed) }),
  };
}

function commandHeaders(required: boolean): Headers {
  return {
    'Command-Id': required ? commandId : optional(commandId),
    'Preference-Applied': optional(preferenceApplied),
  };
}

function problemHeaders({ reads = [], idempotent }: Route, status: number): Headers {
  switch (status) {
    case 401:
      return { 'WWW-Authenticate': header('The scheme (RFC 6750).', text) };
    case 404:
    case 422:
      // What is decided later than accepted can be refused like this, and asked for again.
      return idempotent === true ? { 'Idempotency-Replayed': optional(replayed) } : {};
    case 409:
      return {
        ...(idempotent === true && {
          'Retry-After': optional(retryAfter),
          'Idempotency-Replayed': optional(replayed),
        }),
        ...(reads.includes('prefer') && { Location: optional(location), ...commandHeaders(false) }),
      };
    case 412:
      return { ETag: optional(etag) };
    case 415:
      return { 'Accept-Encoding': optional(header('Where the body was compressed.', text)) };
    case 429:
      return {
        'Retry-After': retryAfter,
        RateLimit: header('What is left.', text),
        'RateLimit-Policy': header('What is allowed.', text),
      };
    case 503:
      return { 'Retry-After': retryAfter };
    default:
      return {};
  }
}

function optional(known: HeaderObject): HeaderObject {
  return { ...known, required: false };
}
