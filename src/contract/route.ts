import type { TSchema } from 'typebox';
import type { Principal, Scope } from './principal.ts';
import type { ProblemCode, Violation } from './problem.ts';

/**
 * Whose rows a route is about. `public`: nobody's, and it takes no credentials. `tenant`: nothing
 * in it belongs to a customer, or only staff scopes reach it. `customer`: its query is narrowed to
 * the customer of a self token, and a provider is refused. `appointment`: its query is narrowed to
 * that customer, and to the resource of a provider (see `roles.ts`).
 */
export const ownerships = ['public', 'tenant', 'customer', 'appointment'] as const;

export type Ownership = (typeof ownerships)[number];

/** One request as a handler sees it: authenticated, authorised, parsed and validated. */
export interface Call<Body = unknown, Query = Record<string, unknown>> {
  /** Absent on public routes only. */
  principal: Principal;
  params: Record<string, string>;
  query: Query;
  body: Body;
  /** The raw header, or undefined; names in lower case. */
  header(name: string): string | undefined;
  requestId: string;
  traceparent: string;
  /** Aborted when the client has gone; a handler that waits then stops waiting. */
  signal?: AbortSignal;
}

/** What of a request can be checked before its schemas are. */
export type RawCall = Pick<Call, 'header'> & { query: unknown };

/** Request headers beside those that every route of its kind reads. */
export type RequestHeader = 'prefer' | 'if-match' | 'if-none-match' | 'last-event-id';

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
  /**
   * Instead of a body: text that comes as time passes. Asked for the next piece once the client has
   * taken the last; ends when the signal is aborted: the answer is over, or the edge drains.
   */
  stream?: (signal: AbortSignal) => AsyncIterable<string>;
}

/**
 * A call of the HTTP contract. The edge mounts it and applies the order of checks: media type and
 * size, credentials, scope, well-formed body, header rules, then the schemas, all violations at
 * once; only then the handler runs. Scope and ownership have no default: leaving one out does not
 * compile, and the edge refuses to start.
 */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `:name` parameters. */
  path: string;
  /** One line for the OpenAPI document. */
  summary: string;
  /** Its name in generated clients; made from method and path where it is left out. */
  operationId?: string;
  /** Shapes of the path's parameters; for the document alone: what is malformed names nothing. */
  params?: Record<string, TSchema>;
  /** Any one of these suffices. Empty only on public routes. */
  scopes: readonly Scope[];
  ownership: Ownership;
  /** Validates the body; its absence means that the call takes none. */
  body?: TSchema;
  /** Whether an absent body is read as `{}` (an action whose key is in the header). */
  bodyOptional?: boolean;
  bodyLimitBytes?: number;
  /** Takes an idempotency key, in the body or in the Idempotency-Key header. */
  idempotent?: boolean;
  query?: TSchema;
  /** Throws the 400s of this route's own headers and cursors, which come before any 422. */
  precheck?(call: RawCall): void;
  /**
   * The rules that schemas cannot say. Takes anything and passes over what is ill-typed, so that it
   * runs beside the schemas: the edge answers the violations of both, sorted, each once.
   */
  check?(body: unknown, query: unknown): Violation[];
  /** The optional headers that it heeds. */
  reads?: readonly RequestHeader[];
  /** Problems of its own; those that the edge answers for any route of its kind are known. */
  problems?: readonly ProblemCode[];
  /** Shapes the answers by status, for serialisation and the OpenAPI document. */
  responses?: Record<number, TSchema>;
  /** The media type of its answers where that is not JSON. */
  produces?: string;
  /** Answers who accepts text/event-stream with server-sent events. */
  streams?: boolean;
  handle(call: never): Promise<Answer>;
}
