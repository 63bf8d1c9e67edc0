import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** As much of an issuer as it takes to be trusted: its two documents, and one token of an hour. */
export interface SmallIssuer {
  url: string;
  token: string;
  stop(): Promise<void>;
}

export async function startSmallIssuer(): Promise<SmallIssuer> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = randomUUID();
  const server = createServer((request, response) => {
    const isKeys = request.url === '/keys';
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid }];
    response.end(JSON.stringify(isKeys ? { keys } : { issuer: url, jwks_uri: `${url}/keys` }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    ...{ iss: url, aud: 'slotwright', sub: 'bench', client_id: 'bench', jti: randomUUID() },
    ...{ iat: now, exp: now + 3_600, tenant: 'default', roles: ['dispatcher', 'integration'] },
    scope: 'openid profile appointments:read appointments:write events:read',
  };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'RS256', typ: 'at+jwt', kid })}.${part(claims)}`;
  const token = `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
  return {
    url,
    token,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
