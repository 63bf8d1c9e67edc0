import { Engines } from '../api/engines/engines.ts';
import { createApi } from '../api/index.ts';
import type { OwnEngine } from '../contract/engine-link.ts';
import type { Settings } from '../contract/settings.ts';
import { defaultCallPolicy } from '../domain/call-policy.ts';
import { createEngine, type Engine } from '../engine/index.ts';
import { createAdminServer, createGateway } from '../gateway/index.ts';
import type { Broker } from '../io/bus/bus.ts';
import { eventLogBus } from '../io/bus/event-log-bus.ts';
import { openBus } from '../io/bus/open-bus.ts';
import { openCalendars, type Calendars } from '../io/calendar/open-calendars.ts';
import { noneMailer } from '../io/mail/none-mailer.ts';
import { smtpMail } from '../io/mail/smtp-mail.ts';
import type { Mailer } from '../io/mail/mail.ts';
import { createRelay, type Relay } from '../relay/index.ts';
import { callPolicies } from '../worker/calls/call-policies.ts';
import { createCalls, type Calls } from '../worker/calls/calls.ts';
import { createWorker, type Worker } from '../worker/index.ts';
import { defaultRelayConfig } from '../relay/config.ts';
import { defaultWorkerConfig, type WorkerConfig } from '../worker/config.ts';
import type { Closers } from './closers.ts';
import { openInternalPort } from './internal-port.ts';
import { noteKeyUse } from './note-key-use.ts';
import type { SharedParts } from './shared-parts.ts';
import { tokenTrust } from './token-trust.ts';
import { urlOf } from './url-of.ts';

export interface RunningRoles {
  /** Where the public edge listens, if this process has one. */
  url: string | undefined;
  adminUrl: string;
  engine: OwnEngine | undefined;
}

interface Part {
  start(): Promise<void>;
  stop(): Promise<void>;
  ready(): string | undefined;
}

interface EdgeParts {
  shared: SharedParts & { closers: Closers };
  engine: Engine | undefined;
  parts: Part[];
  notReady: () => string[];
}

/**
 * Starts the roles of this process, those that finish work before those that bring more, and
 * registers their ends in the other order: the edge drains first. A wake-up goes along the path
 * of a booking; where the next role is in another process, its poll finds the work, but an engine
 * is woken at its internal port.
 */
export async function startRoles(
  settings: Settings,
  shared: SharedParts & { closers: Closers },
): Promise<RunningRoles> {
  const has = (role: Settings['roles'][number]): boolean => settings.roles.includes(role);
  const { leaseSeconds, sagaDeadlineSeconds } = settings;
  const parts: Part[] = [];
  const broker = brokerOf(settings, shared);
  const relay: Relay | undefined = has('relay')
    ? createRelay({
        ...shared,
        bus: broker?.bus ?? eventLogBus,
        config: {
          ...defaultRelayConfig,
          leaseSeconds,
          keepLogDays: settings.eventLogRetentionDays,
        },
        onAppended: () => worker?.wakeConsumers(),
      })
    : undefined;
  const mailer = mailerOf(settings, shared);
  const calendars = calendarsOf(settings, shared);
  const worker: Worker | undefined = has('worker')
    ? createWorker({
        ...shared,
        mailer,
        calendars,
        calls: callsOf(settings, shared),
        ...(broker !== undefined && { subscribe: broker.subscribe }),
        config: workerConfig(settings),
        onCommitted: () => relay?.wake(),
      })
    : undefined;
  const engine = has('engine')
    ? createEngine({
        ...shared,
        config: { leaseSeconds, sagaDeadlineSeconds },
        sagaTaker: worker?.sagaTaker,
        onCommitted: () => {
          worker?.wake();
          relay?.wake();
        },
      })
    : undefined;
  parts.push(...[relay, worker, engine].filter((part) => part !== undefined));

  const notReady = (): string[] =>
    [shared.identity.trouble(), ...parts.map((part) => part.ready())].filter(
      (reason) => reason !== undefined,
    );
  const admin = createAdminServer({
    ...shared,
    config: { host: settings.adminHost, port: settings.adminPort },
    notReady,
  });
  await begin(shared.closers, 'admin server', admin);
  shared.closers.add('mailer', () => mailer.close());
  shared.closers.add('calendars', () => calendars.close());
  if (engine !== undefined) await openInternalPort(settings, engine, shared);
  for (const [name, part] of Object.entries({ relay, worker, engine })) {
    if (part !== undefined) await begin(shared.closers, name, part);
  }
  const running = { adminUrl: urlOf(admin.address()), engine: engine?.link };
  if (!has('api') && !has('gateway')) return { url: undefined, ...running };
  return { url: await openEdge(settings, { shared, engine, parts, notReady }), ...running };
}

/** Starts the api and the gateway before it; answers the URL of the public edge. */
async function openEdge(
  settings: Settings,
  { shared, engine, parts, notReady }: EdgeParts,
): Promise<string> {
  const { closers } = shared;
  const engines = new Engines({ ...shared, own: engine?.link, secret: settings.internalSecret });
  const api = createApi({ ...shared, engine: engines, express: engine?.express });
  const gateway = createGateway({
    ...shared,
    routes: api.routes,
    onKeyUse: noteKeyUse(shared),
    trust: tokenTrust(settings, shared),
    config: { host: settings.host, port: settings.port },
    notReady,
  });
  parts.push(api, gateway);
  for (const [name, part] of Object.entries({ engines, api, gateway })) {
    await begin(closers, name, part);
  }
  // Closed before the gateway drains: whoever waits for a decision gets a 202 and lets go.
  closers.add('waiting clients', () => Promise.resolve(api.drain()));
  return urlOf(gateway.address());
}

async function begin(closers: Closers, name: string, part: Part): Promise<void> {
  closers.add(name, () => part.stop());
  await part.start();
}

function workerConfig(settings: Settings): WorkerConfig {
  return {
    ...defaultWorkerConfig,
    leaseSeconds: settings.leaseSeconds,
    callTimeoutMs: settings.callTimeoutMs,
    sagaDeadlineSeconds: settings.sagaDeadlineSeconds,
    retry: {
      baseMs: settings.retryBaseMs,
      capMs: settings.retryCapMs,
      maxAttempts: settings.retryMaxAttempts,
    },
  };
}

/** Absent: the event log is the bus. Nothing is opened yet, and a broker may be away. */
function brokerOf({ busUrl: url }: Settings, { clock }: SharedParts): Broker | undefined {
  return url === undefined ? undefined : openBus({ url, clock });
}

function mailerOf(settings: Settings, { clock }: SharedParts): Mailer {
  const { smtpUrl, mailFrom, callTimeoutMs } = settings;
  if (smtpUrl === undefined) return noneMailer;
  return smtpMail({ url: smtpUrl, from: mailFrom ?? 'slotwright@localhost', callTimeoutMs, clock });
}

function calendarsOf({ egressAllow }: Settings, { clock }: SharedParts): Calendars {
  return openCalendars({ clock, egress: { allow: egressAllow ?? [] } });
}

function callsOf(settings: Settings, shared: SharedParts): Calls {
  const defaults = {
    ...defaultCallPolicy,
    timeoutMs: settings.callTimeoutMs,
    // Whoever takes nearly as long as is waited for is slow, however long that is.
    slowCallMs: Math.ceil(settings.callTimeoutMs * 0.8),
    retryBaseMs: settings.retryBaseMs,
    retryCapMs: settings.retryCapMs,
    maxAttempts: settings.retryMaxAttempts,
  };
  return createCalls({ ...shared, policyOf: callPolicies(settings.callPolicies, defaults) });
}
