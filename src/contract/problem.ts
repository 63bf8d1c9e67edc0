/**
 * Every error code of the service with its HTTP status and title, in one place (RFC 9457).
 * `request-timeout`, `headers-too-large` and `internal-error` can befall any request.
 */
export const problemCodes = {
  'malformed-body': { status: 400, title: 'The body is not well-formed' },
  'malformed-header': { status: 400, title: 'A header is not well-formed' },
  'idempotency-key-missing': { status: 400, title: 'An idempotency key is required' },
  'idempotency-key-mismatch': { status: 400, title: 'Header and body carry different keys' },
  'bad-cursor': { status: 400, title: 'The cursor is not one of ours' },
  unauthenticated: { status: 401, title: 'Credentials are missing or not valid' },
  forbidden: { status: 403, title: 'Not allowed' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'version-conflict': { status: 412, title: 'The version has changed' },
  'slot-unavailable': { status: 409, title: 'The slot is not available' },
  'illegal-transition': { status: 409, title: 'The state does not allow this' },
  'key-in-flight': { status: 409, title: 'A request with this key is in progress' },
  'future-bookings': { status: 409, title: 'Future bookings stand in the way' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The media type is not supported' },
  'validation-failed': { status: 422, title: 'The request is not valid' },
  'idempotency-key-reused': { status: 422, title: 'The key was used with other content' },
  'unknown-location': { status: 422, title: 'Unknown location' },
  'ambiguous-location': { status: 422, title: 'The location name is not unique' },
  'unknown-service-type': { status: 422, title: 'Unknown service type' },
  'unknown-resource': { status: 422, title: 'Unknown resource' },
  'slot-in-the-past': { status: 422, title: 'The slot is in the past' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  'internal-error': { status: 500, title: 'Something went wrong on our side' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
} as const;

export type ProblemCode = keyof typeof problemCodes;

/** One violation: `pointer` (RFC 6901) into the body, or the name of a query parameter. */
export interface Violation {
  pointer?: string;
  parameter?: string;
  code: string;
  message: string;
}

export interface Conflict {
  resource_id: string;
  start_time: string;
  end_time: string;
}

/** Members beyond the fixed ones that a problem may carry. */
export interface ProblemMembers {
  errors?: Violation[];
  conflicts?: Conflict[];
  alternatives?: Conflict[];
  reason?: string;
  proof?: string;
  state?: string;
  allowed?: string[];
  appointment_id?: string;
}

/** RFC 9457 problem details; `instance` (the request id) is added by the edge. */
export interface ProblemDocument extends ProblemMembers {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  instance?: string;
}

export interface ProblemOptions {
  /** Instead of the code's usual status (`version-conflict` is 409 once decided). */
  status?: number;
  members?: ProblemMembers;
  headers?: Record<string, string>;
}

/** Thrown anywhere below a route; the edge turns it into an answer. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly status: number;
  readonly members: ProblemMembers;
  readonly headers: Record<string, string>;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.code = code;
    this.status = options.status ?? problemCodes[code].status;
    this.members = options.members ?? {};
    this.headers = options.headers ?? {};
  }

  document(): ProblemDocument {
    const { title } = problemCodes[this.code];
    const fixed = { type: `/problems/${this.code}`, title, status: this.status };
    return { ...fixed, detail: this.message, code: this.code, ...this.members };
  }
}

export function unavailable(detail: string, retryAfterSeconds = 1): Problem {
  return new Problem('unavailable', detail, {
    headers: { 'retry-after': String(retryAfterSeconds) },
  });
}
