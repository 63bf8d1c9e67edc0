import { Type, type TSchema } from 'typebox';
import { scopes as knownScopes } from '../contract/principal.ts';
import { ownerships, type Route } from '../contract/route.ts';
import { bodyLimitBytes } from './config.ts';
import { compileQuery, type QueryCheck } from './query-check.ts';
import { compileSchema, type SchemaCheck } from './schema-check.ts';

/** A route with what is prepared once for all of its requests. */
export interface MountedRoute {
  route: Route;
  limitBytes: number;
  checkQuery: QueryCheck;
  /** Undefined where a body has no meaning (GET) and is not looked at. */
  checkBody: SchemaCheck | undefined;
}

const nothing = Type.Object({}, { additionalProperties: false });

/** Throws where a route does not say who may call it, or contradicts itself. */
export function prepareRoute(route: Route): MountedRoute {
  const fault = faultOf(route);
  if (fault !== undefined) throw new Error(`route ${route.method} ${route.path} ${fault}`);
  return {
    route,
    limitBytes: bodyLimitBytes(route),
    checkQuery: compileQuery(route.query),
    checkBody: route.method === 'GET' ? undefined : compileSchema(route.body ?? nothing),
  };
}

function faultOf(route: Route): string | undefined {
  // A route may come from code that the compiler has not seen.
  const { ownership, scopes } = route as Partial<Route>;
  if (ownership === undefined || !ownerships.includes(ownership)) return 'declares no ownership';
  if (!Array.isArray(scopes)) return 'declares no scopes';
  if (scopes.length === 0 && ownership !== 'public') return 'has no scopes and is not public';
  if (scopes.length > 0 && ownership === 'public') return 'is public and has scopes';
  const unknown = route.scopes.find((scope) => !knownScopes.includes(scope));
  if (unknown !== undefined) return `has the unknown scope ${unknown}`;
  if (route.method === 'GET' && route.body !== undefined) return 'takes a body with GET';
  if (route.idempotent === true && !takesKey(route.body)) {
    return 'is idempotent and has no idempotency_key in its body schema';
  }
  return undefined;
}

function takesKey(body: TSchema | undefined): boolean {
  const { properties } = (body ?? {}) as { properties?: Record<string, unknown> };
  return properties?.['idempotency_key'] !== undefined;
}
