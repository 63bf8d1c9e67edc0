import type { Route } from '../contract/route.ts';

/** Where a server listens; port 0 takes a free one. */
export interface ListenConfig {
  host: string;
  port: number;
}

export interface GatewayConfig extends ListenConfig {
  /** How long headers and body of one request may take to arrive. */
  receiveTimeoutMs?: number;
  /** How long stop() waits for the requests in flight. */
  drainTimeoutMs?: number;
}

export const maxHeaderBytes = 16 * 1024;
export const defaultReceiveTimeoutMs = 9_000;
export const defaultDrainTimeoutMs = 10_000;
// Longer than the idle timeout of the usual load balancers, so that it is they who close first.
export const keepAliveTimeoutMs = 75_000;
/** Longer path parameters name nothing of ours. */
export const maxParameterLength = 1_024;

export const keyCacheMs = 1_000;
export const keyRefreshMs = 500;
export const unknownKeyCacheMs = 250;
export const maxCachedKeys = 10_000;
export const maxCachedUnknownKeys = 1_000;

/** A token is verified anew after so long: until then a key that was withdrawn is not missed. */
export const tokenCacheSeconds = 300;
export const maxCachedTokens = 10_000;
export const maxTokenLength = 8 * 1024;

const defaultBodyLimitBytes = 64 * 1024;
const cataloguePutLimitBytes = 1024 * 1024;

/** 64 KiB, 1 MiB where a PUT writes the catalogue, or what the route says. */
export function bodyLimitBytes(route: Route): number {
  if (route.bodyLimitBytes !== undefined) return route.bodyLimitBytes;
  const writesCatalogue = route.method === 'PUT' && route.scopes.includes('catalogue:write');
  return writesCatalogue ? cataloguePutLimitBytes : defaultBodyLimitBytes;
}
