import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '../../src/contract/settings.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import { processesNaming } from './service.ts';
import { freePorts, inherited, readiness, ServiceRun, type Readiness } from './service-run.ts';

export interface MemberOptions {
  roles: readonly Role[];
  /** Beside what all are given: FAILPOINTS, … */
  env?: Record<string, string>;
  /** False leaves an engine without INTERNAL_PORT. */
  internalPort?: boolean;
}

export interface ClusterOptions {
  members: Record<string, MemberOptions>;
  /** For all: LEASE_SECONDS, BUS_URL, … */
  env?: Record<string, string>;
}

/** One process of the service, with ports and a data folder that it keeps across restarts. */
export interface Member {
  name: string;
  roles: readonly Role[];
  /** The public edge; nobody listens where the roles have none. */
  url: string;
  adminUrl: string;
  internalUrl: string;
  /** Undefined while it is down. */
  pid(): number | undefined;
  /** Its id in the database, which each start makes anew. */
  processId(): Promise<string>;
  /** Everything it has printed, across restarts. */
  logs(): string;
  readiness(): Promise<Readiness>;
  /** Sends the signal, SIGKILL unless said otherwise, and waits until the process has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Resolves when the process has ended, by whatever hand. */
  ended(): Promise<void>;
  /** Stops it where it stands (SIGSTOP), as a machine may under pressure, until `resume`. */
  pause(): void;
  resume(): void;
  /** Starts it again, once it has ended, and waits until it is ready; `env` from then on. */
  restart(env?: Record<string, string>): Promise<void>;
}

/** Processes of one installation, on a database of their own. */
export interface Cluster {
  database: TestDatabase;
  key: string;
  secret: string;
  members(): Member[];
  member(name: string): Member;
  /** One more process. */
  join(name: string, options: MemberOptions): Promise<Member>;
  /** What all have printed, for the message of a failure. */
  logs(): string;
  /** Ends all and takes what they have left; throws where a process outlives it. */
  close(): Promise<void>;
}

/** Starts them all at once and waits until each is ready. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'slotwright-cluster-'));
  const database = await freshDatabase();
  const key = `test-key-${randomBytes(12).toString('hex')}`;
  const secret = `test-secret-${randomBytes(12).toString('hex')}`;
  const runs = new Map<Member, ServiceRun>();
  const shared = {
    ...inherited(),
    DATABASE_URL: database.url,
    SLOTWRIGHT_API_KEY: key,
    SLOTWRIGHT_MODE: 'test',
    INTERNAL_SECRET: secret,
    ...options.env,
  };
  const add = async (name: string, wanted: MemberOptions): Promise<Member> => {
    const { member, run } = await createMember(name, wanted, { shared, folder, database });
    runs.set(member, run);
    return member;
  };
  const cluster: Cluster = {
    ...{ database, key, secret },
    members: () => [...runs.keys()],
    member: (name) => {
      const found = [...runs.keys()].find((member) => member.name === name);
      if (found === undefined) throw new Error(`no process is named ${name}`);
      return found;
    },
    join: async (name, wanted) => {
      const member = await add(name, wanted);
      await member.restart();
      return member;
    },
    logs: () => [...runs].map(([{ name }, run]) => `--- ${name}\n${run.output}`).join('\n'),
    close: async () => {
      await Promise.all([...runs.values()].map((run) => run.stop()));
      const left = processesNaming(folder);
      for (const pid of left) process.kill(pid, 'SIGKILL');
      await eventually(() => processesNaming(folder).length === 0);
      await rm(folder, { recursive: true, force: true });
      await database.drop();
      if (left.length > 0) throw new Error(`processes outlived the cluster:\n${cluster.logs()}`);
    },
  };
  try {
    for (const [name, wanted] of Object.entries(options.members)) await add(name, wanted);
    await Promise.all(cluster.members().map((member) => member.restart()));
  } catch (error) {
    await cluster.close().catch(() => undefined);
    throw error;
  }
  return cluster;
}

interface Surroundings {
  shared: Record<string, string | undefined>;
  folder: string;
  database: TestDatabase;
}

async function createMember(
  name: string,
  { roles, env, internalPort = roles.includes('engine') }: MemberOptions,
  { shared, folder, database }: Surroundings,
): Promise<{ member: Member; run: ServiceRun }> {
  const [port, adminPort, internal] = await freePorts(3);
  const local = (at: number | undefined): string => `http://127.0.0.1:${at}`;
  const run = new ServiceRun({
    ...shared,
    SLOTWRIGHT_ROLES: roles.join(','),
    PORT: String(port),
    ADMIN_PORT: String(adminPort),
    ...(internalPort && { INTERNAL_PORT: String(internal) }),
    SLOTWRIGHT_DATA: join(folder, name),
    ...env,
  });
  const member: Member = {
    ...{ name, roles, url: local(port), adminUrl: local(adminPort), internalUrl: local(internal) },
    pid: () => run.pid(),
    processId: () => processIdOf(database, run.pid()),
    logs: () => run.output,
    readiness: () => readiness(local(adminPort)),
    kill: (signal = 'SIGKILL') => run.kill(signal),
    ended: () => run.ended,
    pause: () => run.signal('SIGSTOP'),
    resume: () => run.signal('SIGCONT'),
    restart: async (changes) => {
      run.start(changes);
      await run.untilReady(local(adminPort));
    },
  };
  return { member, run };
}

async function processIdOf(database: TestDatabase, pid: number | undefined): Promise<string> {
  const [row] = await database.query<{ process_id: string }>(
    'SELECT process_id FROM processes WHERE pid = $1 ORDER BY started_at DESC LIMIT 1',
    [pid],
  );
  if (row === undefined) throw new Error('the process is not registered');
  return row.process_id;
}
