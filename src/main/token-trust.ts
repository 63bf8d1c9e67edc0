import type { Settings } from '../contract/settings.ts';
import type { TokenTrust } from '../gateway/token-authenticator.ts';
import { TokenIssuer } from '../io/oidc/token-issuer.ts';
import type { SharedParts } from './shared-parts.ts';

/** The issuers whose tokens are accepted, if there are any; nobody is asked anything yet. */
export function tokenTrust(
  settings: Settings,
  { clock, log }: Pick<SharedParts, 'clock' | 'log'>,
): TokenTrust | undefined {
  const { oidcIssuers, oidcAudience: audience, callTimeoutMs: timeoutMs } = settings;
  const { oidcTenantClaim: tenantClaim, oidcRoleClaim: roleClaim } = settings;
  return (
    oidcIssuers && {
      ...{ tenantClaim, roleClaim },
      issuers: oidcIssuers.map(
        (issuer) => new TokenIssuer({ issuer, audience, timeoutMs, clock, log }),
      ),
    }
  );
}
