import { createApi } from '../api/index.ts';
import type { EngineLink } from '../contract/engine-link.ts';
import type { Settings } from '../contract/settings.ts';
import { createEngine } from '../engine/index.ts';
import { createAdminServer, createGateway } from '../gateway/index.ts';
import { eventLogBus } from '../io/bus/event-log-bus.ts';
import { noneCalendar } from '../io/calendar/none-calendar.ts';
import { noneMailer } from '../io/mail/none-mailer.ts';
import { smtpMail } from '../io/mail/smtp-mail.ts';
import type { Mailer } from '../io/mail/mail.ts';
import { createRelay, type Relay } from '../relay/index.ts';
import { createWorker, type Worker } from '../worker/index.ts';
import { defaultRelayConfig } from '../relay/config.ts';
import { defaultWorkerConfig, type WorkerConfig } from '../worker/config.ts';
import type { Closers } from './closers.ts';
import type { SharedParts } from './shared-parts.ts';

export interface RunningRoles {
  /** Where the public edge listens, if this process has one. */
  url: string | undefined;
  adminUrl: string;
  engine: EngineLink | undefined;
}

interface Part {
  start(): Promise<void>;
  stop(): Promise<void>;
  ready(): string | undefined;
}

/**
 * Starts the roles of this process, those that finish work before those that bring more, and
 * registers their ends in the other order: the edge drains first. A wake-up goes along the path
 * of a booking; where the next role is in another process, its poll finds the work.
 */
export async function startRoles(
  settings: Settings,
  shared: SharedParts & { closers: Closers },
): Promise<RunningRoles> {
  const has = (role: Settings['roles'][number]): boolean => settings.roles.includes(role);
  const { leaseSeconds, sagaDeadlineSeconds } = settings;
  const parts: Part[] = [];
  const relay: Relay | undefined = has('relay')
    ? createRelay({
        ...shared,
        bus: eventLogBus,
        config: { ...defaultRelayConfig, leaseSeconds },
        onAppended: () => worker?.wakeConsumers(),
      })
    : undefined;
  const mailer = mailerOf(settings, shared);
  const worker: Worker | undefined = has('worker')
    ? createWorker({
        ...shared,
        mailer,
        calendar: noneCalendar,
        config: workerConfig(settings),
        onCommitted: () => relay?.wake(),
      })
    : undefined;
  const engine = has('engine')
    ? createEngine({
        ...shared,
        config: { leaseSeconds, sagaDeadlineSeconds },
        onCommitted: () => {
          worker?.wake();
          relay?.wake();
        },
      })
    : undefined;
  parts.push(...[relay, worker, engine].filter((part) => part !== undefined));

  const notReady = (): string[] =>
    parts.map((part) => part.ready()).filter((reason) => reason !== undefined);
  const admin = createAdminServer({
    ...shared,
    config: { host: settings.adminHost, port: settings.adminPort },
    notReady,
  });
  await begin(shared.closers, 'admin server', admin);
  shared.closers.add('mailer', () => mailer.close());
  for (const [name, part] of Object.entries({ relay, worker, engine })) {
    if (part !== undefined) await begin(shared.closers, name, part);
  }
  const adminUrl = urlOf(admin.address());
  if (!has('api') && !has('gateway')) return { url: undefined, adminUrl, engine: engine?.link };

  const api = createApi({ ...shared, engine: engine?.link });
  const gateway = createGateway({
    ...shared,
    routes: api.routes,
    config: { host: settings.host, port: settings.port },
    notReady,
  });
  parts.push(api, gateway);
  await begin(shared.closers, 'api', api);
  await begin(shared.closers, 'gateway', gateway);
  // Closed before the gateway drains: whoever waits for a decision gets a 202 and lets go.
  shared.closers.add('waiting clients', () => Promise.resolve(api.drain()));
  return { url: urlOf(gateway.address()), adminUrl, engine: engine?.link };
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
    retry: {
      baseMs: settings.retryBaseMs,
      capMs: settings.retryCapMs,
      maxAttempts: settings.retryMaxAttempts,
    },
  };
}

function mailerOf(settings: Settings, { clock }: SharedParts): Mailer {
  const { smtpUrl, mailFrom, callTimeoutMs } = settings;
  if (smtpUrl === undefined) return noneMailer;
  return smtpMail({ url: smtpUrl, from: mailFrom ?? 'slotwright@localhost', callTimeoutMs, clock });
}

function urlOf({ host, port }: { host: string; port: number }): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
