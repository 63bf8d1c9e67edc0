import type { Principal } from '../contract/principal.ts';
import { unavailable } from '../contract/problem.ts';
import type { Clock } from '../io/clock.ts';
import type { TokenIssuer } from '../io/oidc/token-issuer.ts';
import type { Queries } from '../io/postgres.ts';
import { hasTenant } from '../store/read/tenants.ts';
import { maxCachedTokens, tokenCacheSeconds } from './config.ts';
import { readToken } from './read-token.ts';
import { RecentEntries } from './recent-entries.ts';
import { tokenPrincipal, type ClaimNames } from './token-principal.ts';
import { badCredentials } from './unauthenticated.ts';

/** Whose tokens are trusted, each for every tenant, and how their claims are named. */
export interface TokenTrust extends ClaimNames {
  issuers: readonly TokenIssuer[];
}

export interface TokenAuthenticatorOptions {
  directory: Queries;
  clock: Clock;
  trust: TokenTrust;
}

interface Verified {
  authorization: string;
  principal: Principal;
  /** Epoch seconds; never later than the token's own end. */
  untilSeconds: number;
}

const tokenStart = /^bearer +ey[\w-]*\./i;

const tailLength = 32;

/**
 * Checks JWTs. What has been verified is remembered and found again by its end, which is of its
 * signature and so no other's: hashing all of a token, in whatever way, would cost a repeat ten
 * times as much as comparing all of it. Concurrent checks of one token are a single one.
 */
export class TokenAuthenticator {
  readonly #options: TokenAuthenticatorOptions;
  readonly #verified = new RecentEntries<Verified>(maxCachedTokens);
  readonly #inFlight = new Map<string, Promise<Principal>>();

  constructor(options: TokenAuthenticatorOptions) {
    this.#options = options;
  }

  /** Whether a header holds a token and not a key: it begins as JSON does in base64. */
  static isToken(authorization: string): boolean {
    return tokenStart.test(authorization);
  }

  /** Throws `unauthenticated`, or `unavailable` while it cannot be told. */
  authenticate(authorization: string): Principal | Promise<Principal> {
    const known = this.#verified.get(authorization.slice(-tailLength));
    if (known?.authorization === authorization) {
      if (this.#options.clock.nowSeconds() < known.untilSeconds) return known.principal;
    }
    const running = this.#inFlight.get(authorization);
    if (running !== undefined) return running;
    const check = this.#check(authorization).finally(() => this.#inFlight.delete(authorization));
    this.#inFlight.set(authorization, check);
    return check;
  }

  async #check(authorization: string): Promise<Principal> {
    const { directory, clock, trust } = this.#options;
    const unverified = readToken(authorization);
    const issuer = trust.issuers.find(({ issuer: name }) => name === unverified?.issuer);
    if (unverified === undefined || issuer === undefined) throw badCredentials();
    const verdict = await issuer.verify(unverified.token);
    if (verdict.kind === 'unavailable') {
      throw unavailable('Tokens cannot be checked now: their issuer does not answer.');
    }
    if (verdict.kind === 'refused') throw badCredentials();
    const principal = tokenPrincipal(verdict.claims, trust);
    const isKnown = principal !== undefined && (await hasTenant(directory, principal.tenantId));
    if (!isKnown) throw badCredentials();
    const { exp } = verdict.claims;
    const untilSeconds = Math.min(Math.floor(exp), clock.nowSeconds() + tokenCacheSeconds);
    const tail = authorization.slice(-tailLength);
    this.#verified.set(tail, { authorization, principal, untilSeconds });
    return principal;
  }
}
