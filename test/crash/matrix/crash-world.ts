import { roles } from '../../../src/contract/settings.ts';
import type { Calendars } from '../../support/calendars.ts';
import { awaitQuiet } from '../../support/checker/await-quiet.ts';
import { checkAll } from '../../support/checker/check-all.ts';
import { Ledger } from '../../support/checker/ledger.ts';
import type { Violation } from '../../support/checker/violation.ts';
import { Client } from '../../support/client.ts';
import { startCluster, type Cluster, type Member } from '../../support/cluster.ts';
import { readByCursor } from '../../support/event-readers.ts';
import { eventually } from '../../support/eventually.ts';
import { startMailServer, type MailServer } from '../../support/maildev.ts';
import { assertAbsences } from '../../support/region-load.ts';
import { calendarPolicy, openCrashCalendars } from './crash-calendars.ts';
import { openCrashBroker } from './crash-broker.ts';
import { putCrashCatalogue, startCrashLoad, type CrashLoad, type CrashPast } from './crash-load.ts';
import { Probe } from './probe.ts';

/**
 * `processes`: two of each role, on RabbitMQ. `one`: a single process with every role, which has
 * the event log for its bus and accepts bookings the short way.
 */
export type WorldKind = 'processes' | 'one';

export interface WorldOptions {
  kind: WorldKind;
  seed: number;
  /** How many clients book at a time; by default few, so that little is left to check. */
  bookers?: number;
  /** Of the broker, for `processes`. */
  brokerUrl?: string;
  /** Of a calendar server; empty: nobody has a calendar. */
  calendarCommand?: string;
}

const worldRoles: Record<WorldKind, Record<string, Member['roles']>> = {
  processes: {
    ...{ 'api-1': ['gateway', 'api'], 'api-2': ['gateway', 'api'] },
    ...{ 'engine-1': ['engine'], 'engine-2': ['engine'] },
    ...{ 'worker-1': ['worker'], 'worker-2': ['worker'] },
    ...{ 'relay-1': ['relay'], 'relay-2': ['relay'] },
  },
  one: { all: roles },
};

const retry = { baseMs: 50, capMs: 1_000, maxAttempts: 12 };

interface Parts {
  options: WorldOptions;
  cluster: Cluster;
  mail: MailServer;
  calendars: Calendars | undefined;
  ledger: Ledger;
  client: Client;
  /** Every event's bytes, in the order in which they were delivered. */
  delivered: () => string[];
  end(): Promise<void>;
}

/** An installation under load, with everything that clients, readers and recipients saw of it. */
export class CrashWorld {
  readonly kind: WorldKind;
  readonly cluster: Cluster;
  readonly probe: Probe;
  readonly #parts: Parts;
  readonly #past: CrashPast = {
    ...{ creates: 0, nextAbsence: 0, calendarDays: 0 },
    absences: { kept: new Map(), removed: new Map() },
  };
  readonly #ids = new Set<string>();
  #load: CrashLoad | undefined;
  #rounds = 0;
  #synced = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.kind = parts.options.kind;
    this.cluster = parts.cluster;
    this.probe = new Probe({
      client: parts.client,
      database: parts.cluster.database,
      isDelivered: (id) => this.#deliveredIds().has(id),
    });
  }

  /** The process that a point of the name is armed in. */
  memberOf(point: string): Member {
    if (this.kind === 'one') return this.cluster.member('all');
    const [role = ''] = point.split('.');
    return this.cluster.member(`${role === 'saga' || role === 'notify' ? 'worker' : role}-1`);
  }

  startLoad(): void {
    this.#rounds += 1;
    const { client, options } = this.#parts;
    const { bookers = 5 } = options;
    const seed = options.seed + this.#rounds;
    const hasCalendars = this.#parts.calendars !== undefined;
    this.#load = startCrashLoad({ client, seed, bookers, hasCalendars, past: this.#past });
  }

  requests(): number {
    return this.#parts.ledger.entries.length;
  }

  /** What must hold at every moment, under load. */
  async checkNow(): Promise<Violation[]> {
    this.#deliveredIds();
    const { ledger, cluster } = this.#parts;
    // As it was before the database is looked at: what comes later is not in what is read.
    const seen = new Ledger();
    for (const entry of ledger.entries) seen.entries.push(entry);
    for (const bytes of ledger.deliveredEvents) seen.deliveredEvents.push(bytes);
    const found = await checkAll({
      ...{ databaseUrl: cluster.database.url, ledger: seen, settled: false, retry },
    });
    return [...found, ...mended(cluster)];
  }

  /** Stops the load, waits until nothing is left to do, and holds all against the guarantees. */
  async settle(): Promise<Violation[]> {
    const { cluster, ledger, mail } = this.#parts;
    await this.#load?.stop();
    this.#load = undefined;
    const down = cluster.members().filter((member) => member.pid() === undefined);
    await Promise.all(down.map((member) => member.restart({ FAILPOINTS: '' })));
    await awaitQuiet(cluster.database.url, 60_000);
    // Whatever is missing after that the checker names.
    await eventually(() => this.#allDelivered(), 20_000).catch(() => undefined);
    ledger.readToTheEnd = true;
    ledger.mails.splice(0, Infinity, ...(await mail.mails()).map(mailSeen));
    const calendarEvents = await this.#parts.calendars?.allEvents();
    const violations = await checkAll({
      ...{ databaseUrl: cluster.database.url, ledger, retry },
      ...(calendarEvents && { calendarEvents }),
    });
    ledger.readToTheEnd = false;
    return [...violations, ...mended(cluster)];
  }

  /**
   * Settles for good, and asks whether engines know of those absences that were kept, and of no
   * others: after that bookings are in the way of whoever was absent.
   */
  async settleForGood(): Promise<Violation[]> {
    const violations = await this.settle();
    await assertAbsences(this.#parts.client, this.#past.absences);
    return violations;
  }

  async close(): Promise<void> {
    await this.#load?.stop().catch(() => undefined);
    await this.#parts.end();
  }

  async #allDelivered(): Promise<boolean> {
    const ids = this.#deliveredIds();
    const rows = await this.cluster.database.query<{ id: string }>(
      `SELECT appointment_id || ':' || version AS id FROM event_log`,
    );
    return rows.every(({ id }) => ids.has(id));
  }

  #deliveredIds(): Set<string> {
    const { ledger } = this.#parts;
    const fresh = this.#parts.delivered().slice(this.#synced);
    this.#synced += fresh.length;
    for (const bytes of fresh) {
      ledger.deliveredEvents.push(bytes);
      this.#ids.add((JSON.parse(bytes) as { id: string }).id);
    }
    return this.#ids;
  }
}

/**
 * No crash leaves half a state behind. What the reconciler had to mend would otherwise look well by
 * the time that the checker comes.
 */
function mended(cluster: Cluster): Violation[] {
  return cluster.members().flatMap((member) =>
    [...member.logs().matchAll(/^.*"an orphan (?:was|cannot be) repaired".*$/gm)].map(([line]) => ({
      guarantee: 'L7' as const,
      ids: { process: member.pid() ?? 0 },
      sentence: `the reconciler found an orphan: ${line}`,
    })),
  );
}

export async function openCrashWorld(options: WorldOptions): Promise<CrashWorld> {
  const { kind, brokerUrl } = options;
  const ledger = new Ledger();
  const mail = await startMailServer();
  const broker =
    kind === 'processes' && brokerUrl !== undefined ? await openCrashBroker(brokerUrl) : undefined;
  const members = worldRoles[kind];
  const cluster = await startCluster({
    members: Object.fromEntries(
      Object.entries(members).map(([name, own]) => [name, { roles: own }]),
    ),
    env: {
      ...(broker && { BUS_URL: broker.url }),
      ...{ SMTP_URL: mail.url, MAIL_FROM: 'bookings@example.org', LOG_LEVEL: 'warn' },
      ...{ EGRESS_ALLOW: '127.0.0.0/8', CALL_POLICIES: calendarPolicy },
      ...{ RETRY_BASE_MS: String(retry.baseMs), RETRY_CAP_MS: String(retry.capMs) },
    },
  });
  const urls = cluster
    .members()
    .filter(hasEdge)
    .map(({ url }) => url);
  const client = new Client({ url: urls, key: cluster.key, ledger, answerWithinMs: 8_000 });
  await putCrashCatalogue(client);
  const { calendarCommand = '' } = options;
  const calendars =
    calendarCommand === '' ? undefined : await openCrashCalendars(client, calendarCommand);
  const reader = broker ?? readByCursor(client);
  return new CrashWorld({
    ...{ options, cluster, mail, calendars, ledger, client, delivered: () => reader.events },
    end: async () => {
      if ('stop' in reader) await reader.stop().catch(() => undefined);
      client.close();
      await cluster.close();
      await calendars?.close();
      await broker?.close();
      await mail.stop();
    },
  });
}

function hasEdge({ roles: own }: Member): boolean {
  return own.includes('gateway');
}

// As the service makes message ids: appointment, version, channel.
function mailSeen({ messageId, to }: { messageId: string; to: string[] }) {
  const [, appointmentId = '', version = ''] = /^<([^.]+)\.(\d+)\./.exec(messageId) ?? [];
  return { appointmentId, version: Number(version), recipient: to[0] ?? '' };
}
