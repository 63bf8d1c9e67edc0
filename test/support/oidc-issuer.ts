import { generateKeyPairSync, randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider, type Configuration } from 'oidc-provider';

/** A client of the issuer; its id is the subject of its tokens. */
export interface IssuerClient {
  id: string;
  scope?: string;
  /** Beside the claims of any token. */
  claims?: Record<string, unknown>;
  /** RS256 where it is not said. */
  algorithm?: 'RS256' | 'PS256' | 'ES256' | 'EdDSA';
}

/** A real OpenID provider on loopback, which gives out JWTs for client credentials. */
export interface OidcIssuer {
  url: string;
  audience: string;
  /** Of the key that its RSA signatures are made with now. */
  privateKey: KeyObject;
  keyId: string;
  token(clientId: string): Promise<string>;
  /** Other keys from now on, and only those. */
  rotate(): void;
  /** How often its keys were asked for. */
  keyRequests(): number;
  /** Answers no more, and again, at the same address. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
}

const secret = randomBytes(24).toString('hex');
const keysPath = '/jwks';

export async function startIssuer(
  clients: readonly IssuerClient[],
  audience = 'slotwright',
): Promise<OidcIssuer> {
  let answer: RequestListener;
  let keyRequests = 0;
  const server = createServer((request, response) => {
    if (request.url === keysPath) keyRequests += 1;
    answer(request, response);
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const issuer: OidcIssuer = {
    url,
    audience,
    ...rsaKey(),
    token: (id) => requestToken(url, { scope: '', ...clients.find((it) => it.id === id), id }),
    // The provider takes its keys when it is made.
    rotate: () => {
      Object.assign(issuer, rsaKey());
      answer = serve();
    },
    keyRequests: () => keyRequests,
    goAway: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    comeBack: () => listen(port),
  };
  const serve = (): RequestListener => {
    const callback = new Provider(url, configuration(issuer, clients)).callback();
    return (request, response) => void callback(request, response);
  };
  answer = serve();
  return issuer;
}

function rsaKey(): Pick<OidcIssuer, 'privateKey' | 'keyId'> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey, keyId: randomUUID() };
}

function configuration(
  { privateKey, keyId, audience }: OidcIssuer,
  clients: readonly IssuerClient[],
): Configuration {
  const others = [
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    generateKeyPairSync('ed25519'),
  ];
  const keys = [
    { ...privateKey.export({ format: 'jwk' }), kid: keyId },
    ...others.map((pair) => ({ ...pair.privateKey.export({ format: 'jwk' }), kid: randomUUID() })),
  ];
  const scopes = clients.flatMap(({ scope = '' }) => scope.split(' '));
  const known = (id: string | undefined): IssuerClient | undefined =>
    clients.find((client) => client.id === id);
  return {
    jwks: { keys },
    routes: { jwks: keysPath },
    scopes,
    ttl: { ClientCredentials: 600 },
    clients: clients.map(({ id }) => ({
      client_id: id,
      client_secret: secret,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_post',
    })),
    extraTokenClaims: (_context, { clientId }) => known(clientId)?.claims,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:slotwright',
        getResourceServerInfo: (_context, _resource, { clientId }) => ({
          scope: scopes.join(' '),
          audience,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: known(clientId)?.algorithm ?? 'RS256' } },
        }),
      },
    },
  };
}

async function requestToken(
  url: string,
  { id, scope }: { id: string; scope: string },
): Promise<string> {
  const form = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
  const body = new URLSearchParams(scope === '' ? form : { ...form, scope });
  const answer = await fetch(`${url}/token`, { method: 'POST', body });
  const { access_token: token, ...rest } = (await answer.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`the issuer refuses: ${JSON.stringify(rest)}`);
  return token;
}
