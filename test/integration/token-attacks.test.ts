import assert from 'node:assert/strict';
import { constants, createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { Authenticator } from '../../src/gateway/authenticator.ts';
import type { Gateway } from '../../src/gateway/index.ts';
import { systemClock } from '../../src/io/clock.ts';
import { createLog } from '../../src/io/log.ts';
import { TokenIssuer } from '../../src/io/oidc/token-issuer.ts';
import { exchange, openEdge, type EdgeFixture, type Reply } from '../support/edge-fixture.ts';
import { startIssuer, type OidcIssuer } from '../support/oidc-issuer.ts';

type Json = Record<string, unknown>;
type Forgery = () => string | string[] | Promise<string | string[]>;

const attacker = generateKeyPairSync('rsa', { modulusLength: 2048 });
const attackerJwk = attacker.publicKey.export({ format: 'jwk' });
const client = { scope: 'appointments:read', claims: { tenant: 'default' } };

let issuer: OidcIssuer;
let foreign: OidcIssuer;
let trap: Server;
let edge: EdgeFixture;
let gateway: Gateway;
let authenticator: Authenticator;
let good: string;
let trapped = 0;

before(async () => {
  issuer = await startIssuer([
    { id: 'good', ...client },
    { id: 'elliptic', algorithm: 'ES256', ...client },
  ]);
  foreign = await startIssuer([{ id: 'good', ...client }]);
  trap = createServer((_request, response) => {
    trapped += 1;
    response.end(JSON.stringify({ keys: [{ ...attackerJwk, kid: issuer.keyId }] }));
  });
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
  edge = await openEdge();
  const log = createLog('silent', 'test');
  const options = { audience: 'slotwright', clock: systemClock, log, timeoutMs: 5_000 };
  const trust = {
    tenantClaim: 'tenant',
    roleClaim: 'roles',
    issuers: [new TokenIssuer({ ...options, issuer: issuer.url })],
  };
  gateway = edge.gateway({ trust });
  const { directory } = edge;
  authenticator = new Authenticator({ directory, clock: systemClock, onKeyUse: noted, trust });
  await gateway.start();
  good = await issuer.token('good');
});

after(async () => {
  await gateway.stop();
  await edge.close();
  await Promise.all([issuer.goAway(), foreign.goAway()]);
  await new Promise((resolve) => trap.close(resolve));
});

function noted(): void {
  // No key is used.
}

function read(credentials: string): Promise<Reply> {
  const head = `GET /v1/things/1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${credentials}`;
  return exchange(`${head}\r\n\r\n`, gateway);
}

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const now = (): number => Math.floor(Date.now() / 1_000);
const trapUrl = (): string => `http://127.0.0.1:${(trap.address() as AddressInfo).port}/keys`;

function header(changes: Json = {}): Json {
  return { alg: 'RS256', kid: issuer.keyId, ...changes };
}

function claims(changes: Json = {}): Json {
  const { url: iss, audience: aud } = issuer;
  const usual = { iss, aud, sub: 'good', exp: now() + 300, ...client.claims, scope: client.scope };
  return { ...usual, ...changes };
}

/** A token as the issuer would sign it; texts in place of objects are taken as they are. */
function signed(head: Json | string, body: Json | string, key = issuer.privateKey): string {
  const text = `${part(head)}.${part(body)}`;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

const withClaims = (changes: Json): string => signed(header(), claims(changes));
const withHeader = (changes: Json): string => signed(header(changes), claims());
const byAttacker = (changes: Json): string =>
  signed(header(changes), claims(), attacker.privateKey);

function byMac(secret: string | Buffer): string {
  const text = `${part(header({ alg: 'HS256' }))}.${part(claims())}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

const member = (name: string, value: unknown): string =>
  `${JSON.stringify(name)}:${JSON.stringify(value)},`;
const before1 = (value: Json, more: string): string =>
  JSON.stringify(value).replace('{', `{${more}`);

const attacks: Record<string, Forgery> = {
  'no algorithm': () =>
    ['none', 'None', 'NONE', 'nOnE', '', null].flatMap((alg) => {
      const text = `${part(header({ alg }))}.${part(claims())}`;
      return [`${text}.`, `${text}.${good.split('.')[2]}`, text];
    }),
  'a MAC with the public key as its secret': () => {
    const key = createPublicKey(issuer.privateKey);
    const { n = '' } = key.export({ format: 'jwk' });
    const texts = (['spki', 'pkcs1'] as const).flatMap((type) => [
      key.export({ type, format: 'pem' }),
      key.export({ type, format: 'der' }),
    ]);
    return [...texts, n, Buffer.from(n, 'base64url'), ''].map(byMac);
  },
  'a signature of another algorithm': () => {
    const text = `${part(header())}.${part(claims())}`;
    const key = {
      key: issuer.privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 32,
    };
    const pss = sign('sha256', Buffer.from(text), key).toString('base64url');
    return [`${text}.${pss}`, withHeader({ alg: 'PS256' }), withHeader({ alg: 'RS512' })];
  },
  'a signature of zeros on an elliptic curve': async () => {
    const [head = '', body = ''] = (await issuer.token('elliptic')).split('.');
    return `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`;
  },
  'a key that there is not': () =>
    [
      ...['../../../../../../dev/null', '/etc/passwd', "' OR 1=1 --", '', 'a\0b', 'x'.repeat(900)],
      ...[null, 7, [issuer.keyId], { kid: issuer.keyId }],
    ].flatMap((kid) => [byAttacker({ kid }), ...(kid === '' ? [] : [withHeader({ kid })])]),
  'a key that the token brings along': () => {
    const brought = { jku: trapUrl(), x5u: trapUrl(), jwk: attackerJwk, x5c: ['MIIB'] };
    return Object.entries(brought).flatMap(([name, value]) =>
      [{}, { kid: undefined }, { kid: 'mine' }].map((kid) => byAttacker({ [name]: value, ...kid })),
    );
  },
  'another audience': () =>
    ['other', [], ['other'], '', null, ' slotwright', 7, { slotwright: 1 }, undefined].map((aud) =>
      withClaims({ aud }),
    ),
  'another issuer': async () => [
    await foreign.token('good'),
    ...[foreign.url, `${issuer.url}/`, issuer.url.toUpperCase(), '', null, [issuer.url]].map(
      (iss) => withClaims({ iss }),
    ),
    withClaims({ iss: undefined }),
    signed(header({ kid: foreign.keyId }), claims(), foreign.privateKey),
  ],
  'an end that has passed, or none': () =>
    [now() - 61, 0, -1, String(now() + 300), null, undefined, true].map((exp) =>
      withClaims({ exp }),
    ),
  'a beginning that is yet to come': () =>
    [now() + 90, 1e300, '0', null].map((nbf) => withClaims({ nbf })),
  'a member that is there twice': () => [
    ...['tenant', 'exp', 'iss', 'aud', 'scope', 'sub'].map((name) =>
      signed(header(), before1(claims(), member(name, claims()[name]))),
    ),
    signed(header(), before1(claims(), member('tenant', 'other'))),
    signed(header(), before1(claims({ a: { b: 1 } }), '"c":{"d":1,"d":2},')),
    signed(before1(header(), member('alg', 'none')), claims()),
    signed(before1(header(), member('kid', 'other')), claims()),
  ],
  'an extension that must be understood': () => [
    withHeader({ crit: ['b64'], b64: false }),
    withHeader({ crit: ['b64'], b64: true }),
    withHeader({ crit: ['exp'] }),
    withHeader({ crit: [] }),
    withHeader({ crit: ['http://example.com/x'], 'http://example.com/x': 1 }),
  ],
  'a token of another type': () =>
    ['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'JOSE', '', 7, null].map((typ) =>
      withHeader({ typ }),
    ),
  'a token that is bound to a key': () => withClaims({ cnf: { jkt: 'x' } }),
  'a tenant or a subject that can be none': () => [
    ...[undefined, null, ['default'], { id: 'default' }, 'Default', 'default ', 'a\0', ''].map(
      (tenant) => withClaims({ tenant }),
    ),
    ...[undefined, null, 7, '', 'a b', 'a\nb', 'x'.repeat(256)].map((sub) => withClaims({ sub })),
  ],
  'a size beyond all measure': () => withClaims({ fill: 'x'.repeat(8 * 1024) }),
  'what is not a JSON object': () => [
    ...['[]', '"a"', '1', 'null', '', '{', '{"a":1}x', '\u{feff}{}', '['.repeat(3_000)].map(
      (text) => signed(header(), text),
    ),
    ...['[]', '"a"', '1', 'null', '{'].map((text) => signed(text, claims())),
    signed(header(), before1(claims(), `"deep":${'['.repeat(100)}${']'.repeat(100)},`)),
    signed(header(), before1(claims(), '"__proto__":{"tenant":"default"},')),
  ],
  'another spelling of the same token': () => {
    const [head = '', body = '', signature = ''] = good.split('.');
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    // The last digit of 256 bytes has four bits that say nothing.
    const last = digits.indexOf(signature.at(-1) ?? '');
    return [
      ...[1, 2, 3].map((more) => `${head}.${body}.${signature.slice(0, -1)}${digits[last ^ more]}`),
      ...['=', '==', '.', '..', '.x', '%20', ',', '\u00a0'].map((end) => good + end),
      ...[' ', '\t', '  '].map((blank) => `${head}.${body}${blank}.${signature}`),
      ...[`${head}. ${body}.${signature}`, `${head}..${signature}`, `.${body}.${signature}`],
      ...[`${head}.${body}`, `${head}.${body}.`, `${head}.${body}.${signature}.a.b`, head],
      ...[`${good}, Bearer ${good}`, `${good} ${good}`, `"${good}"`],
      JSON.stringify({ protected: head, payload: body, signature }),
    ];
  },
  'a bit that is not the one that was signed': () => {
    const flipped = (index: number): string => {
      const code = good.charCodeAt(index);
      const other = code === 0x41 ? 'B' : 'A';
      return good.slice(0, index) + other + good.slice(index + 1);
    };
    return Array.from({ length: Math.ceil(good.length / 5) }, (_, index) => flipped(index * 5));
  },
};

test('a token that is not tampered with is good', async () => {
  for (const token of [good, signed(header(), claims()), withHeader({ typ: 'JWT' })]) {
    const { status, text } = await read(token);
    assert.equal(status, 200, text);
  }
  // What makes an attack is the difference, not the way it is made here.
  assert.equal((await read(withClaims({ aud: ['other', 'slotwright'] }))).status, 200);
  assert.equal((await read(withClaims({ exp: now() - 30, nbf: now() + 30 }))).status, 200);
  assert.equal((await read(withClaims({ fill: 'x'.repeat(4 * 1024) }))).status, 200);
});

const refusal = {
  type: '/problems/unauthenticated',
  title: 'Credentials are missing or not valid',
  status: 401,
  detail: 'The API key or token is not known, has expired or was revoked.',
  code: 'unauthenticated',
};

for (const [what, forge] of Object.entries(attacks)) {
  test(`${what} is refused like any other credentials that are not good`, async () => {
    const forged = [await forge()].flat();
    for (const token of forged) {
      const { status, json, headers } = await read(token);
      const { instance, ...told } = json;
      assert.equal(status, 401, token);
      assert.equal(typeof instance, 'string');
      const isToken = /^ey[\w-]*\./.test(token);
      if (isToken) assert.deepEqual(told, refusal, token);
      const challenge = headers['www-authenticate'] ?? '';
      assert.match(challenge, isToken ? /, error="invalid_token"$/ : /^Bearer realm="slotwright"/);
    }
    assert.equal(trapped, 0, 'nobody follows addresses in tokens');
  });
}

test('a megabyte is refused by whoever sees it first', async () => {
  const token = withClaims({ fill: 'x'.repeat(1024 * 1024) });
  assert.equal((await read(token)).status, 431);
  await assert.rejects(async () => authenticator.authenticate(`Bearer ${token}`), {
    code: 'unauthenticated',
  });
  assert.equal((await read(good)).status, 200);
});
