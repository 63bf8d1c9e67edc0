import { createHash, randomBytes, randomUUID, sign } from 'node:crypto';
import type { TestDatabase } from '../../support/database.ts';
import { startIssuer, type IssuerClient, type OidcIssuer } from '../../support/oidc-issuer.ts';

/** Who calls; all but the last two are of the tenant `home`. */
export const callers = [
  'owner', // a customer
  'other', // another customer
  'desk', // dispatcher
  'doer', // provider of the resource
  'doer2', // provider of another resource
  'ops', // operator
  'link', // integration
  'bare', // a key without any scope
  'away', // a key with all scopes, of the tenant `away`
  'void', // whoever has no good credentials: every one of `worthless`
] as const;

export type Caller = (typeof callers)[number];

/** What a caller can know of; null: of everybody. */
export interface Sight {
  tenant: string | null;
  customer: string | null;
  resource: string | null;
}

export const customers = { owner: randomUUID(), other: randomUUID() };
export const resources = { doer: 'r0', doer2: 'r1' };

const everybody = { customer: null, resource: null };

export const sights: Record<Caller, Sight> = {
  owner: { tenant: 'home', customer: customers.owner, resource: null },
  other: { tenant: 'home', customer: customers.other, resource: null },
  desk: { tenant: 'home', ...everybody },
  doer: { tenant: 'home', customer: null, resource: resources.doer },
  doer2: { tenant: 'home', customer: null, resource: resources.doer2 },
  ops: { tenant: 'home', ...everybody },
  link: { tenant: 'home', ...everybody },
  bare: { tenant: null, ...everybody },
  away: { tenant: 'away', ...everybody },
  void: { tenant: null, ...everybody },
};

export const staffScopes = [
  ...['appointments:read', 'appointments:write', 'catalogue:write', 'events:read', 'admin'],
];

const home = { tenant: 'home' };
// What a bound token grants beside is left aside: it must make no difference.
const more = 'appointments:read appointments:write catalogue:write events:read admin';
const self = { scope: `appointments:self ${more}`, claims: { ...home, roles: ['operator'] } };
const provider = (resource: string) => ({
  scope: more,
  claims: { ...home, roles: ['operator', 'provider'], resource_id: resource },
});
const staff = (role: string) => ({ claims: { ...home, roles: [role] } });

const clients: Partial<Record<Caller, IssuerClient>> = {
  owner: { id: customers.owner, ...self },
  other: { id: customers.other, ...self },
  desk: { id: 'desk', ...staff('dispatcher') },
  doer: { id: 'doer', ...provider(resources.doer) },
  doer2: { id: 'doer2', ...provider(resources.doer2) },
  ops: { id: 'ops', ...staff('operator') },
  link: { id: 'link', ...staff('integration') },
};

export interface Credentials {
  /** Of each caller the `Authorization` that it comes with; of `void` several. */
  of: Record<Caller, readonly (string | null)[]>;
  close(): Promise<void>;
  issuer: OidcIssuer;
}

export function openIssuer(): Promise<OidcIssuer> {
  return startIssuer(Object.values(clients));
}

/** Once the tenants are there. */
export async function giveCredentials(
  database: TestDatabase,
  issuer: OidcIssuer,
): Promise<Record<Caller, readonly (string | null)[]>> {
  const given = callers.map(async (caller): Promise<[Caller, (string | null)[]]> => {
    const client = clients[caller];
    if (client !== undefined) return [caller, [await issuer.token(client.id)]];
    if (caller === 'away') return [caller, [await addKey(database, { tenant: 'away' })]];
    if (caller === 'bare') return [caller, [await addKey(database, { scopes: [] })]];
    return [caller, await worthless(database, issuer)];
  });
  return Object.fromEntries(await Promise.all(given)) as Record<Caller, (string | null)[]>;
}

/** None; a key that ended, was revoked, or never was; a token that ended. All would see all. */
async function worthless(database: TestDatabase, issuer: OidcIssuer): Promise<(string | null)[]> {
  return [
    null,
    await addKey(database, { ended: 'expires_at' }),
    await addKey(database, { ended: 'revoked_at' }),
    `unheard-of-${randomBytes(12).toString('hex')}`,
    expiredToken(issuer),
  ];
}

async function addKey(
  database: TestDatabase,
  key: { tenant?: string; scopes?: string[]; ended?: 'expires_at' | 'revoked_at' },
): Promise<string> {
  const { tenant = 'home', scopes = staffScopes, ended } = key;
  const text = `matrix-${randomBytes(12).toString('hex')}`;
  const hash = createHash('sha256').update(text).digest();
  await database.query(
    `INSERT INTO api_keys (tenant_id, key_id, prefix, hash, scopes, expires_at, revoked_at)
    VALUES ($1, $2, 'matrix', $3, $4, CASE WHEN $5 = 'expires_at' THEN now() - '1 s'::interval END,
      CASE WHEN $5 = 'revoked_at' THEN now() END)`,
    [tenant, randomUUID(), hash, scopes, ended ?? ''],
  );
  return text;
}

/** The dispatcher's, of the issuer's own hand, but of an hour ago. */
function expiredToken({ url, audience, keyId, privateKey }: OidcIssuer): string {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { iss: url, aud: audience, sub: 'desk', iat: now - 7_200, exp: now - 3_600 };
  const parts = [
    { alg: 'RS256', kid: keyId },
    { ...claims, ...home, roles: ['dispatcher', 'operator'] },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const signature = sign('sha256', Buffer.from(parts.join('.')), privateKey);
  return [...parts, signature.toString('base64url')].join('.');
}
