import { callPolicyList } from './call-policy-list.ts';
import { egressList } from './egress-list.ts';
import { issuerList } from './issuer-list.ts';
import { isLoopback } from './loopback.ts';
import {
  apiKey,
  failpointList,
  flag,
  hostName,
  mailAddress,
  oneOf,
  secretText,
  someOf,
  text,
  urlOf,
  wholeNumber,
  type SettingValue,
} from './setting-values.ts';

/** The environment as a process is given it. An empty string counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

export const roles = ['gateway', 'api', 'engine', 'worker', 'relay'] as const;
export type Role = (typeof roles)[number];

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** One environment variable: the text that stands for it when it is not set, and its meaning. */
export interface Setting<T> extends SettingValue<T> {
  name: string;
  fallback: string | undefined;
  doc: string;
  /** Never printed: wholly, or only the password inside a URL. */
  secret?: 'whole' | 'password';
}

function defaulted<T>(name: string, fallback: string, value: SettingValue<T> & { doc: string }) {
  return { name, fallback, ...value } satisfies Setting<T>;
}

function optional<T>(
  name: string,
  value: SettingValue<T> & Pick<Setting<T>, 'doc' | 'secret'>,
): Setting<T | undefined> {
  return { name, fallback: undefined, ...value };
}

/** Every variable of this version, by the member of `Settings` that it fills. */
export const settings = {
  port: defaulted('PORT', '8080', { ...wholeNumber(0, 65_535), doc: 'port of the public edge' }),
  host: defaulted('HOST', '127.0.0.1', { ...hostName, doc: 'address of the public edge' }),
  adminPort: defaulted('ADMIN_PORT', '9464', {
    ...wholeNumber(0, 65_535),
    doc: 'port of /metrics, /healthz and /readyz',
  }),
  adminHost: defaulted('ADMIN_HOST', '127.0.0.1', {
    ...hostName,
    doc: 'address of /metrics, /healthz and /readyz',
  }),
  internalPort: optional('INTERNAL_PORT', {
    ...wholeNumber(0, 65_535),
    doc: 'port at which an engine answers the api of other processes; not set: none',
  }),
  internalHost: defaulted('INTERNAL_HOST', '127.0.0.1', {
    ...hostName,
    doc: 'address of the internal port',
  }),
  internalUrl: optional('INTERNAL_URL', {
    ...urlOf(['http', 'https']),
    secret: 'password',
    doc: 'where others reach the internal port; not set: made from its host and port',
  }),
  internalSecret: optional('INTERNAL_SECRET', {
    ...secretText,
    secret: 'whole',
    doc: 'what the processes of an installation know each other by',
  }),
  roles: defaulted('SLOTWRIGHT_ROLES', roles.join(','), {
    ...someOf(roles),
    doc: 'roles of this process',
  }),
  dataFolder: defaulted('SLOTWRIGHT_DATA', './.slotwright', {
    ...text,
    doc: 'folder of the embedded database and the generated secrets',
  }),
  loadExample: defaulted('SLOTWRIGHT_EXAMPLE', '1', {
    ...flag,
    doc: 'load the example catalogue into an empty embedded database',
  }),
  apiKey: optional('SLOTWRIGHT_API_KEY', {
    ...apiKey,
    secret: 'whole',
    doc: 'a key of tenant "default" with all scopes, added if absent',
  }),
  mode: defaulted('SLOTWRIGHT_MODE', 'production', {
    ...oneOf(['production', 'test'] as const),
    doc: '"test" allows FAILPOINTS',
  }),
  databaseUrl: optional('DATABASE_URL', {
    ...urlOf(['postgres', 'postgresql']),
    secret: 'password',
    doc: 'PostgreSQL 15 to 18; not set: the embedded one',
  }),
  autoMigrate: optional('AUTO_MIGRATE', {
    ...flag,
    doc: 'bring the schema up to date at start; not set: 1 embedded, 0 with DATABASE_URL',
  }),
  busUrl: optional('BUS_URL', {
    ...urlOf(['amqp', 'amqps', 'kafka']),
    secret: 'password',
    doc: 'RabbitMQ or Kafka; not set: the event log in the database is the bus',
  }),
  eventLogRetentionDays: defaulted('EVENT_LOG_RETENTION_DAYS', '35', {
    ...wholeNumber(9, 3_650),
    doc: 'days for which events can be read again; longer while a consumer has not read them',
  }),
  smtpUrl: optional('SMTP_URL', {
    ...urlOf(['smtp', 'smtps']),
    secret: 'password',
    doc: 'mail server; not set: mail is recorded as skipped',
  }),
  mailFrom: optional('MAIL_FROM', { ...mailAddress, doc: 'sender of mails' }),
  leaseSeconds: defaulted('LEASE_SECONDS', '2', {
    ...wholeNumber(1, 600),
    doc: 'leases of engine, worker and relay',
  }),
  retryBaseMs: defaulted('RETRY_BASE_MS', '200', {
    ...wholeNumber(1, 3_600_000),
    doc: 'least delay before a retry',
  }),
  retryCapMs: defaulted('RETRY_CAP_MS', '30000', {
    ...wholeNumber(1, 86_400_000),
    doc: 'greatest delay before a retry',
  }),
  retryMaxAttempts: defaulted('RETRY_MAX_ATTEMPTS', '12', {
    ...wholeNumber(1, 1_000),
    doc: 'attempts before a task is a dead letter',
  }),
  sagaDeadlineSeconds: defaulted('SAGA_DEADLINE_SECONDS', '600', {
    ...wholeNumber(1, 604_800),
    doc: 'time for a saga before it is compensated',
  }),
  callPolicies: defaulted('CALL_POLICIES', '', {
    ...callPolicyList,
    doc: 'limits of calls by provider, as in "caldav.open_ms=2000"',
  }),
  egressAllow: optional('EGRESS_ALLOW', {
    ...egressList,
    doc: 'CIDRs or host:port that calendars may reach although private, also without TLS',
  }),
  callTimeoutMs: defaulted('CALL_TIMEOUT_MS', '1500', {
    ...wholeNumber(1, 600_000),
    doc: 'time for one call to a third party',
  }),
  oidcIssuers: optional('OIDC_ISSUER', {
    ...issuerList,
    secret: 'password',
    doc: 'whose JWTs are accepted, for any tenant; not set: API keys only',
  }),
  oidcAudience: defaulted('OIDC_AUDIENCE', 'slotwright', {
    ...text,
    doc: 'what a JWT must be meant for (aud)',
  }),
  oidcTenantClaim: defaulted('OIDC_TENANT_CLAIM', 'tenant', {
    ...text,
    doc: 'the claim of a JWT that names its tenant',
  }),
  oidcRoleClaim: defaulted('OIDC_ROLE_CLAIM', 'roles', {
    ...text,
    doc: 'the claim of a JWT that lists its roles',
  }),
  logLevel: defaulted('LOG_LEVEL', 'info', { ...oneOf(logLevels), doc: 'least level logged' }),
  failpoints: defaulted('FAILPOINTS', '', {
    ...failpointList,
    doc: 'crash points, only with SLOTWRIGHT_MODE=test',
  }),
};

type Values = {
  [Member in keyof typeof settings]:
    | Exclude<ReturnType<(typeof settings)[Member]['parse']>, undefined>
    | ((typeof settings)[Member]['fallback'] extends string ? never : undefined);
};

/** What is in force, checked. `autoMigrate` is settled by whether the database is embedded. */
export interface Settings extends Omit<Values, 'autoMigrate'> {
  autoMigrate: boolean;
}

/** One line that names the variable at fault and shows no secret. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

// Part of the contract and not of this version. Ignoring one would be worse than refusing it.
const notYet: ReadonlySet<string> = new Set([
  ...['REDIS_URL', 'OBJECTS_URL', 'RATE_LIMIT'],
  ...['TLS_CERT_FILE', 'TLS_KEY_FILE', 'TRUSTED_PROXIES'],
  ...['SENTRY_DSN', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
]);

/** Throws a `SettingsError` for the first thing wrong; pure. */
export function parseSettings(environment: Environment): Settings {
  refuseUnknown(environment);
  const values = Object.fromEntries(
    Object.entries(settings).map(([member, setting]) => [member, read(setting, environment)]),
  ) as unknown as Values;
  refuseCombinations(values);
  return { ...values, autoMigrate: values.autoMigrate ?? values.databaseUrl === undefined };
}

function refuseUnknown(environment: Environment): void {
  const names = new Set(Object.values(settings).map(({ name }) => name));
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || value === '') continue;
    if (name.startsWith('SLOTWRIGHT_') && !names.has(name)) {
      throw new SettingsError(`${name} is not a variable of Slotwright`);
    }
    // No limit is what this version does in any case.
    if (notYet.has(name) && !(name === 'RATE_LIMIT' && value === '0')) {
      throw new SettingsError(`${name} is not supported by this version: unset it`);
    }
  }
}

function read(setting: Setting<unknown>, environment: Environment): unknown {
  const given = environment[setting.name];
  const source = given === undefined || given === '' ? setting.fallback : given;
  if (source === undefined || source === '') return source;
  const value = setting.parse(source);
  if (value !== undefined) return value;
  const shown = setting.secret === undefined ? `, not ${JSON.stringify(source)}` : '';
  throw new SettingsError(`${setting.name} must be ${setting.expected}${shown}`);
}

function refuseCombinations(values: Values): void {
  if (values.failpoints !== '' && values.mode !== 'test') {
    throw new SettingsError('FAILPOINTS needs SLOTWRIGHT_MODE=test');
  }
  if (values.mode === 'test' && !isLoopback(values.host)) {
    throw new SettingsError(`SLOTWRIGHT_MODE=test needs a loopback HOST, not "${values.host}"`);
  }
  if (values.roles.length < roles.length && values.databaseUrl === undefined) {
    throw new SettingsError('SLOTWRIGHT_ROLES with some of the roles needs DATABASE_URL');
  }
  refuseInternal(values);
  if (values.retryCapMs < values.retryBaseMs) {
    throw new SettingsError('RETRY_CAP_MS must not be less than RETRY_BASE_MS');
  }
}

function refuseInternal({ internalPort, internalHost, internalUrl, internalSecret }: Values): void {
  if (internalPort === undefined) {
    if (internalUrl !== undefined) throw new SettingsError('INTERNAL_URL needs INTERNAL_PORT');
    return;
  }
  if (internalSecret === undefined) {
    throw new SettingsError('INTERNAL_PORT needs INTERNAL_SECRET');
  }
  if (internalUrl === undefined && ['0.0.0.0', '::'].includes(internalHost)) {
    throw new SettingsError(`INTERNAL_HOST=${internalHost} needs INTERNAL_URL: nobody can call it`);
  }
}
