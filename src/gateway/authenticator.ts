import type { Principal } from '../contract/principal.ts';
import { KeyAuthenticator, type KeyAuthenticatorOptions } from './key-authenticator.ts';
import { TokenAuthenticator, type TokenTrust } from './token-authenticator.ts';
import { unauthenticated } from './unauthenticated.ts';

export interface AuthenticatorOptions extends KeyAuthenticatorOptions {
  /** Absent: API keys only. */
  trust?: TokenTrust | undefined;
}

/** Tells who calls, by an API key or, where issuers are trusted, by a JWT. */
export class Authenticator {
  readonly #keys: KeyAuthenticator;
  readonly #tokens: TokenAuthenticator | undefined;

  constructor({ trust, ...options }: AuthenticatorOptions) {
    this.#keys = new KeyAuthenticator(options);
    this.#tokens = trust && new TokenAuthenticator({ ...options, trust });
  }

  /** Throws `unauthenticated`. Answers at once for credentials in recent use. */
  authenticate(authorization: string | undefined): Principal | Promise<Principal> {
    if (authorization === undefined) throw unauthenticated('An API key or a token is required.');
    return this.#tokens !== undefined && TokenAuthenticator.isToken(authorization)
      ? this.#tokens.authenticate(authorization)
      : this.#keys.authenticate(authorization);
  }
}
