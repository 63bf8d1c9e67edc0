import { errors, jwtVerify, type JWTPayload } from 'jose';
import { IssuerKeys, IssuerUnavailableError, type IssuerKeysOptions } from './issuer-keys.ts';
import type { KeySet } from './issuer-keys.ts';

export interface TokenIssuerOptions extends IssuerKeysOptions {
  audience: string;
}

/** What became of a token. `unavailable`: its issuer's keys cannot be had just now. */
export type TokenVerdict =
  | { kind: 'valid'; claims: JWTPayload & { exp: number } }
  | { kind: 'refused' }
  | { kind: 'unavailable' };

// Signatures that take a private key, and no other: with a shared secret whoever checks can forge.
// Which of them an issuer may use its published keys say; a key is good for one kind of algorithm.
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
const maxSkewSeconds = 60;

/** An issuer of JWTs: checks signature, issuer, audience and times of what claims to be its own. */
export class TokenIssuer {
  readonly issuer: string;
  readonly #options: TokenIssuerOptions;
  readonly #keys: IssuerKeys;

  constructor(options: TokenIssuerOptions) {
    this.issuer = options.issuer;
    this.#options = options;
    this.#keys = new IssuerKeys(options);
  }

  async verify(token: string): Promise<TokenVerdict> {
    try {
      const keys = await this.#keys.current();
      const verdict = await this.#verifyWith(token, keys);
      if (verdict !== 'no-key') return verdict;
      const newer = await this.#keys.newerThan(keys);
      const second = newer === undefined ? verdict : await this.#verifyWith(token, newer);
      return second === 'no-key' ? { kind: 'refused' } : second;
    } catch (error) {
      if (error instanceof IssuerUnavailableError) return { kind: 'unavailable' };
      throw error;
    }
  }

  async #verifyWith(token: string, keys: KeySet): Promise<TokenVerdict | 'no-key'> {
    const { issuer, audience, clock, log } = this.#options;
    try {
      const { payload } = await jwtVerify(token, keys, {
        ...{ issuer, audience, algorithms, clockTolerance: maxSkewSeconds },
        requiredClaims: ['exp'],
        currentDate: new Date(clock.nowMs()),
      });
      return { kind: 'valid', claims: { ...payload, exp: payload.exp ?? 0 } };
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return 'no-key';
      // Anything but a fault of the token is one of the issuer's key, which is good for nothing.
      if (!(error instanceof errors.JOSEError)) {
        log.warn({ component: 'oidc', issuer, err: error }, 'a key of the issuer is not usable');
      }
      return { kind: 'refused' };
    }
  }
}
