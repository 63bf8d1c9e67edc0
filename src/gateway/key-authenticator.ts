import { scopes as knownScopes, type Principal, type Scope } from '../contract/principal.ts';
import type { Clock } from '../io/clock.ts';
import type { Queries } from '../io/postgres.ts';
import { sha256 } from '../io/random.ts';
import { findApiKey, type ApiKeyRow } from '../store/read/api-keys.ts';
import {
  keyCacheMs,
  keyRefreshMs,
  maxCachedKeys,
  maxCachedUnknownKeys,
  unknownKeyCacheMs,
} from './config.ts';
import { badCredentials, unauthenticated } from './unauthenticated.ts';

/** Which key it was, without what makes it one. */
export interface UsedKey {
  tenantId: string;
  keyId: string;
}

export interface KeyAuthenticatorOptions {
  /** Where keys are found before it is known whose they are. */
  directory: Queries;
  clock: Clock;
  /** Told of a key in use that was not in the last minute; must not throw. */
  onKeyUse(key: UsedKey): void;
}

interface Known {
  principal: Principal;
  expiresSeconds: number;
  /** When the look-up began: what it saw is no younger. */
  checkedAtMs: number;
  refreshing: boolean;
}

const bearer = /^bearer +([\x21-\x7e]{16,200})$/i;

/**
 * Checks API keys. A key is looked up by its hash and remembered for a second, so that a
 * revocation takes effect within one; one in steady use is looked up again after half of that,
 * while its requests go on. Concurrent look-ups of one key are a single query.
 */
export class KeyAuthenticator {
  readonly #directory: Queries;
  readonly #clock: Clock;
  readonly #onKeyUse: KeyAuthenticatorOptions['onKeyUse'];
  readonly #known = new Map<string, Known>();
  readonly #unknown = new Map<string, number>();
  readonly #inFlight = new Map<string, Promise<Principal | undefined>>();

  constructor({ directory, clock, onKeyUse }: KeyAuthenticatorOptions) {
    this.#directory = directory;
    this.#clock = clock;
    this.#onKeyUse = onKeyUse;
  }

  /** Who calls; throws `unauthenticated`. Answers at once for a key in recent use. */
  authenticate(authorization: string): Principal | Promise<Principal> {
    const key = bearer.exec(authorization)?.[1];
    if (key === undefined) {
      throw unauthenticated('The Authorization header holds neither an API key nor a token.');
    }
    return this.#remembered(key) ?? this.#lookUp(key).then(orRefuse);
  }

  #remembered(key: string): Principal | undefined {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#known.get(key);
    if (known === undefined) {
      const refusedAtMs = this.#unknown.get(key);
      if (refusedAtMs === undefined) return undefined;
      if (nowMs - refusedAtMs < unknownKeyCacheMs) return orRefuse(undefined);
      this.#unknown.delete(key);
      return undefined;
    }
    const ageMs = nowMs - known.checkedAtMs;
    if (ageMs >= keyCacheMs || known.expiresSeconds <= this.#clock.nowSeconds()) return undefined;
    if (ageMs >= keyRefreshMs && !known.refreshing) {
      known.refreshing = true;
      // A failure is for the request that finds the entry too old to hear of.
      this.#lookUp(key).catch(() => undefined);
    }
    return known.principal;
  }

  #lookUp(key: string): Promise<Principal | undefined> {
    const running = this.#inFlight.get(key);
    if (running !== undefined) return running;
    const lookUp = this.#query(key).finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, lookUp);
    return lookUp;
  }

  async #query(key: string): Promise<Principal | undefined> {
    const checkedAtMs = this.#clock.monotonicMs();
    const row = await findApiKey(this.#directory, sha256(key));
    this.#known.delete(key);
    if (row === undefined) {
      this.#unknown.delete(key);
      withRoom(this.#unknown, maxCachedUnknownKeys).set(key, checkedAtMs);
      return undefined;
    }
    if (row.unused_lately) this.#onKeyUse({ tenantId: row.tenant_id, keyId: row.key_id });
    const principal = principalOf(row);
    const expiresSeconds = row.expires_s ?? Number.POSITIVE_INFINITY;
    const known = { principal, expiresSeconds, checkedAtMs, refreshing: false };
    withRoom(this.#known, maxCachedKeys).set(key, known);
    return principal;
  }
}

/** Makes room by dropping the entry that was written longest ago. */
function withRoom<Value>(cache: Map<string, Value>, limit: number): Map<string, Value> {
  if (cache.size < limit) return cache;
  const oldest = cache.keys().next();
  if (oldest.done !== true) cache.delete(oldest.value);
  return cache;
}

function principalOf(row: ApiKeyRow): Principal {
  const granted = row.scopes.filter((scope): scope is Scope =>
    (knownScopes as readonly string[]).includes(scope),
  );
  return {
    tenantId: row.tenant_id,
    actor: `key:${row.key_id}`,
    scopes: new Set(granted),
    customerId: null,
    resourceId: null,
  };
}

function orRefuse(principal: Principal | undefined): Principal {
  if (principal !== undefined) return principal;
  throw badCredentials();
}
