import { parseJsonBody } from '../contract/json-body.ts';
import { maxTokenLength } from './config.ts';

const form = /^bearer +([\w-]+)\.([\w-]+)\.([\w-]+)$/i;
const types: readonly unknown[] = [undefined, 'jwt', 'at+jwt', 'application/at+jwt'];

/** A token as it claims to be; nothing of it has been verified. */
export interface UnverifiedToken {
  token: string;
  issuer: unknown;
}

/**
 * Reads an Authorization header that holds an access token in the one spelling that it can have.
 * Undefined for whatever two readers could take differently: members named twice, a part that
 * decodes but was not encoded so, an extension that must be understood, a token of another type.
 */
export function readToken(authorization: string): UnverifiedToken | undefined {
  const [, header = '', payload = '', signature = ''] = form.exec(authorization) ?? [];
  const token = `${header}.${payload}.${signature}`;
  if (header === '' || token.length > maxTokenLength || decoded(signature) === undefined) {
    return undefined;
  }
  const [head, claims] = [objectIn(header), objectIn(payload)];
  if (head === undefined || claims === undefined || 'crit' in head) return undefined;
  const { typ } = head;
  if (!types.includes(typeof typ === 'string' ? typ.toLowerCase() : typ)) return undefined;
  return { token, issuer: claims['iss'] };
}

function objectIn(part: string): Record<string, unknown> | undefined {
  try {
    const bytes = decoded(part);
    if (bytes === undefined) return undefined;
    const { value, violations } = parseJsonBody(bytes);
    return violations.length > 0 ? undefined : value;
  } catch {
    return undefined;
  }
}

/** Base64url without the laxness: the last digit has no bits that nobody reads. */
function decoded(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}
