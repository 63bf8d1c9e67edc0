import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopback } from './loopback.ts';
import { parseSettings, settings, SettingsError } from './settings.ts';

function refusal(environment: Record<string, string>): string {
  try {
    parseSettings(environment);
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    return error.message;
  }
  return assert.fail(`${JSON.stringify(environment)} was accepted`);
}

test('an empty environment gives the defaults of the contract', () => {
  assert.deepEqual(parseSettings({}), {
    port: 8080,
    host: '127.0.0.1',
    adminPort: 9464,
    adminHost: '127.0.0.1',
    internalPort: undefined,
    internalHost: '127.0.0.1',
    internalUrl: undefined,
    internalSecret: undefined,
    roles: ['gateway', 'api', 'engine', 'worker', 'relay'],
    dataFolder: './.slotwright',
    loadExample: true,
    apiKey: undefined,
    mode: 'production',
    databaseUrl: undefined,
    autoMigrate: true,
    busUrl: undefined,
    eventLogRetentionDays: 35,
    smtpUrl: undefined,
    mailFrom: undefined,
    leaseSeconds: 2,
    retryBaseMs: 200,
    retryCapMs: 30_000,
    retryMaxAttempts: 12,
    sagaDeadlineSeconds: 600,
    callPolicies: '',
    egressAllow: undefined,
    callTimeoutMs: 1_500,
    oidcIssuers: undefined,
    oidcAudience: 'slotwright',
    oidcTenantClaim: 'tenant',
    oidcRoleClaim: 'roles',
    logLevel: 'info',
    failpoints: '',
  });
});

test('an empty string counts as not set, whatever the variable', () => {
  const empty = Object.fromEntries(Object.values(settings).map(({ name }) => [name, '']));
  const also = { ...empty, REDIS_URL: '', SLOTWRIGHT_UNHEARD_OF: '' };
  assert.deepEqual(parseSettings(also), parseSettings({}));
});

test('variables of other programs are left alone', () => {
  assert.deepEqual(parseSettings({ PATH: '/bin', SLOTWRIGHTX: '1' }), parseSettings({}));
});

const malformed: Record<string, string[]> = {
  PORT: ['http', '-1', '65536', '80.5', ' 80', '0x50', '1e3'],
  HOST: ['127.0.0.1:8080', 'a b', '[::1]', 'http://a'],
  ADMIN_PORT: ['x'],
  ADMIN_HOST: ['a/b'],
  INTERNAL_PORT: ['x', '65536'],
  INTERNAL_HOST: ['http://a', 'a:1'],
  INTERNAL_URL: ['engine:9470', 'ftp://engine', 'http://'],
  INTERNAL_SECRET: ['fifteen-letters', 'sixteen letters and blanks', 'ü'.repeat(16)],
  SLOTWRIGHT_ROLES: ['engine,broker', 'engine,', 'Engine', 'engine,engine'],
  SLOTWRIGHT_EXAMPLE: ['yes', '2'],
  SLOTWRIGHT_DATA: ['a\u0000b'],
  SLOTWRIGHT_API_KEY: [
    'fifteen-letters',
    'x'.repeat(201),
    'sixteen letters and blanks',
    'ü'.repeat(16),
  ],
  SLOTWRIGHT_MODE: ['Test', 'development'],
  DATABASE_URL: ['localhost/db', 'mysql://localhost/db', 'postgres://'],
  AUTO_MIGRATE: ['true'],
  BUS_URL: ['localhost:5672', 'http://localhost', 'amqp://'],
  EVENT_LOG_RETENTION_DAYS: ['0', '8', 'forever'],
  SMTP_URL: ['localhost:25', 'http://localhost'],
  MAIL_FROM: ['bookings', 'a@b\r\nBcc: c@d'],
  LEASE_SECONDS: ['0', '1.5'],
  RETRY_BASE_MS: ['0', '-5'],
  RETRY_CAP_MS: ['abc', '100'],
  RETRY_MAX_ATTEMPTS: ['0'],
  SAGA_DEADLINE_SECONDS: ['0'],
  CALL_TIMEOUT_MS: ['1s'],
  CALL_POLICIES: ['caldav.speed=1', 'caldav.open_ms', 'open_ms=1', 'caldav.open_ms=1,', 'a.b=-1'],
  EGRESS_ALLOW: [
    ...['radicale', '10.0.0.0', '10.0.0.0/33', '10.0.0.256/8', 'fd00::/129', 'http://a:1', 'a:0'],
    ...['a:65536', '::1:80', '10.0.0.0/8,', 'a b:1'],
  ],
  OIDC_ISSUER: [
    ...['id.example', 'http://id.example', 'http://10.0.0.1', 'https://id.example?a=b', 'https://'],
    ...['https://me:secret@id.example', 'https://id.example/#a', 'https://id.example,'],
    'https://id.example,https://id.example',
  ],
  OIDC_AUDIENCE: ['a\u0000b'],
  OIDC_TENANT_CLAIM: ['a\nb'],
  OIDC_ROLE_CLAIM: ['a\nb'],
  LOG_LEVEL: ['INFO', 'verbose'],
  FAILPOINTS: ['engine.x', 'engine.x=explode', 'engine.x=crash,'],
};

for (const [name, values] of Object.entries(malformed)) {
  test(`a malformed ${name} is refused in one line that names it`, () => {
    for (const value of values) {
      const message = refusal({ SLOTWRIGHT_MODE: 'test', [name]: value });
      assert.match(message, new RegExp(`^${name} `), value);
      assert.doesNotMatch(message, /\n/);
    }
  });
}

test('a message about a secret does not repeat it', () => {
  assert.doesNotMatch(refusal({ SLOTWRIGHT_API_KEY: 'hunter2' }), /hunter2/);
  assert.doesNotMatch(refusal({ INTERNAL_SECRET: 'hunter2' }), /hunter2/);
  assert.doesNotMatch(refusal({ DATABASE_URL: 'mysql://me:hunter2@db/x' }), /hunter2/);
  assert.doesNotMatch(refusal({ BUS_URL: 'nats://me:hunter2@bus' }), /hunter2/);
});

test('an unknown SLOTWRIGHT variable is named', () => {
  assert.match(refusal({ SLOTWRIGHT_ROLE: 'engine' }), /^SLOTWRIGHT_ROLE is not a variable/);
});

test('a variable that another version reads is refused and not ignored', () => {
  const later = ['REDIS_URL', 'OBJECTS_URL', 'TLS_CERT_FILE'];
  for (const name of [...later, 'RATE_LIMIT', 'SENTRY_DSN']) {
    assert.equal(refusal({ [name]: '1' }), `${name} is not supported by this version: unset it`);
  }
  assert.equal(parseSettings({ RATE_LIMIT: '0' }).port, 8080);
});

test('crash points need test mode, and test mode a loopback address', () => {
  const failpoints = 'engine.after-decide-before-commit=crash@2,api.x=delay:50';
  assert.match(refusal({ FAILPOINTS: failpoints }), /^FAILPOINTS /);
  assert.equal(parseSettings({ FAILPOINTS: failpoints, SLOTWRIGHT_MODE: 'test' }).mode, 'test');
  assert.match(refusal({ SLOTWRIGHT_MODE: 'test', HOST: '0.0.0.0' }), /^SLOTWRIGHT_MODE=test /);
  assert.equal(parseSettings({ HOST: '0.0.0.0' }).host, '0.0.0.0');
});

test('only some of the roles need a database that others can reach', () => {
  assert.match(refusal({ SLOTWRIGHT_ROLES: 'engine' }), /DATABASE_URL/);
  const shared = { SLOTWRIGHT_ROLES: 'worker, engine', DATABASE_URL: 'postgres://localhost/a' };
  assert.deepEqual(parseSettings(shared).roles, ['engine', 'worker']);
});

test('an internal port needs a secret and a URL that others can call', () => {
  const port = { INTERNAL_PORT: '9470' };
  const secret = { INTERNAL_SECRET: 'only-we-know-this' };
  assert.match(refusal(port), /^INTERNAL_PORT needs INTERNAL_SECRET$/);
  assert.match(refusal({ INTERNAL_URL: 'http://engine:9470' }), /^INTERNAL_URL needs /);
  for (const host of ['0.0.0.0', '::']) {
    const anywhere = { ...port, ...secret, INTERNAL_HOST: host };
    assert.match(refusal(anywhere), /^INTERNAL_HOST=\S+ needs INTERNAL_URL/);
    const named = { ...anywhere, INTERNAL_URL: 'http://engine:9470' };
    assert.equal(parseSettings(named).internalUrl, 'http://engine:9470');
  }
  assert.equal(parseSettings({ ...port, ...secret }).internalPort, 9_470);
  assert.equal(parseSettings(secret).internalPort, undefined, 'who only calls has no port');
});

test('issuers are taken as they are written, without TLS on loopback only', () => {
  const names = ['https://id.example/', 'http://127.0.0.1:9', 'http://[::1]:9', 'http://localhost'];
  assert.deepEqual(parseSettings({ OIDC_ISSUER: names.join(', ') }).oidcIssuers, names);
  assert.equal(parseSettings({}).oidcIssuers, undefined);
});

test('egress is a list of ranges and endpoints, limits of calls a list of numbers', () => {
  const allow = ['10.1.0.0/16', 'fd00::/8', 'radicale:5232', '[::1]:80', '127.0.0.1:5232'];
  assert.deepEqual(parseSettings({ EGRESS_ALLOW: allow.join(', ') }).egressAllow, allow);
  const policies = 'caldav.open_ms=500, webhook.budget_percent=20';
  assert.equal(parseSettings({ CALL_POLICIES: policies }).callPolicies, policies);
});

test('the schema is brought up to date unasked only where the database is our own', () => {
  const shared = { DATABASE_URL: 'postgresql://localhost/a' };
  assert.equal(parseSettings(shared).autoMigrate, false);
  assert.equal(parseSettings({ ...shared, AUTO_MIGRATE: '1' }).autoMigrate, true);
  assert.equal(parseSettings({ AUTO_MIGRATE: '0' }).autoMigrate, false);
});

test('loopback addresses are told from others', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost']) assert.ok(isLoopback(host));
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.a.example', '1270.0.0.1']) {
    assert.ok(!isLoopback(host), host);
  }
});
