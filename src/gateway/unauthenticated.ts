import { Problem } from '../contract/problem.ts';

const challenge = 'Bearer realm="slotwright"';

/** 401 where there are no credentials that could be looked at. */
export function unauthenticated(detail: string): Problem {
  return new Problem('unauthenticated', detail, { headers: { 'www-authenticate': challenge } });
}

/** 401 for credentials that are not good, always in the same words: which way, nobody is told. */
export function badCredentials(): Problem {
  const detail = 'The API key or token is not known, has expired or was revoked.';
  return new Problem('unauthenticated', detail, {
    headers: { 'www-authenticate': `${challenge}, error="invalid_token"` },
  });
}
