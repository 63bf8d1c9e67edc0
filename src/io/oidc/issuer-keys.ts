import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { getJson } from './get-json.ts';

/** Finds the key that a token's header names; rejects with `JWKSNoMatchingKey`. */
export type KeySet = ReturnType<typeof createLocalJWKSet>;

export interface IssuerKeysOptions {
  issuer: string;
  clock: Clock;
  log: Log;
  /** For each of the two documents. */
  timeoutMs: number;
}

/** The issuer's keys are needed and cannot be had; it will be asked again after a second. */
export class IssuerUnavailableError extends Error {
  override readonly name = 'IssuerUnavailableError';
}

const refreshAfterMs = 10 * 60_000;
// A key that was withdrawn while the issuer cannot be reached must end some time all the same.
const unusableAfterMs = 24 * 3_600_000;
// Anybody can name keys that there are not: each costs the issuer nothing within this time.
const reloadCooldownMs = 10_000;
const failureCooldownMs = 1_000;
const maxKeys = 100;

/**
 * The public keys of one issuer, found by its discovery document. They are loaded when first
 * needed; loaded again behind the requests' backs once they are old, and at once, but not often,
 * where a token names a key that is not among them; and used on while the issuer cannot be reached.
 */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #keys: KeySet | undefined;
  #loadedAtMs = -Infinity;
  #triedAtMs = -Infinity;
  #failing = false;
  #loading: Promise<KeySet> | undefined;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** The keys at hand; rejects with `IssuerUnavailableError` where there are none to be had. */
  async current(): Promise<KeySet> {
    const ageMs = this.#options.clock.monotonicMs() - this.#loadedAtMs;
    if (this.#keys === undefined || ageMs >= unusableAfterMs) return this.#load();
    // A failure is logged; the keys at hand are as good as they were.
    if (ageMs >= refreshAfterMs) void this.#load().catch(() => undefined);
    return this.#keys;
  }

  /** Keys other than these, or undefined where these have been loaded a moment ago. */
  async newerThan(known: KeySet): Promise<KeySet | undefined> {
    if (this.#keys !== known) return this.#keys;
    const ageMs = this.#options.clock.monotonicMs() - this.#loadedAtMs;
    return ageMs < reloadCooldownMs ? undefined : this.#load();
  }

  #load(): Promise<KeySet> {
    if (this.#loading !== undefined) return this.#loading;
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#failing && nowMs - this.#triedAtMs < failureCooldownMs) {
      return Promise.reject(new IssuerUnavailableError('the issuer has just failed to answer'));
    }
    this.#triedAtMs = nowMs;
    this.#loading = this.#fetch().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  async #fetch(): Promise<KeySet> {
    const { clock, log, issuer } = this.#options;
    try {
      const keys = createLocalJWKSet(await fetchKeys(this.#options));
      if (this.#failing) log.info({ component: 'oidc', issuer }, 'the issuer answers again');
      this.#failing = false;
      this.#loadedAtMs = clock.monotonicMs();
      this.#keys = keys;
      return keys;
    } catch (error) {
      if (!this.#failing) {
        log.warn({ component: 'oidc', issuer, why: reasonOf(error) }, 'the issuer has no keys');
      }
      this.#failing = true;
      throw new IssuerUnavailableError('the issuer does not answer', { cause: error });
    }
  }
}

async function fetchKeys({ issuer, timeoutMs }: IssuerKeysOptions): Promise<JSONWebKeySet> {
  const discovery = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { issuer: named, jwks_uri: keysUrl } = members(await getJson(discovery, timeoutMs));
  if (named !== issuer) throw new Error('the discovery document is of another issuer');
  if (typeof keysUrl !== 'string' || !isSafe(keysUrl, issuer)) {
    throw new Error('the discovery document names no address of keys that can be trusted');
  }
  const { keys } = members(await getJson(keysUrl, timeoutMs));
  if (!Array.isArray(keys) || keys.length > maxKeys) throw new Error('there are no usable keys');
  return { keys: keys as JSONWebKeySet['keys'] };
}

/** As safe as the issuer's own address, which lacks TLS on loopback only. */
function isSafe(url: string, issuer: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, origin } = new URL(url);
  return protocol === 'https:' || origin === new URL(issuer).origin;
}

function members(document: unknown): Record<string, unknown> {
  return typeof document === 'object' && document !== null ? { ...document } : {};
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
