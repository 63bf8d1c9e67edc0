import { setTimeout as sleep } from 'node:timers/promises';
import type { FailpointAction } from '../../../src/io/failpoints.ts';
import type { Member } from '../../support/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import type { CrashWorld, WorldKind } from './crash-world.ts';

/** What is done at a point, the n-th time that a process comes by. */
export interface CrashCase {
  world: WorldKind;
  point: string;
  action: Exclude<FailpointAction, 'delay'>;
  hit: number;
}

/** Longer than the lease of 2 s, so that another takes over meanwhile. */
export const pauseMs = 3_500;
const hitWithinMs = 60_000;

/**
 * Lets it happen under load. Answers how long it took, from then on, until all that was open was
 * done and new bookings went through every role again.
 *
 * @throws where the point was never come by, or the installation did not get well
 */
export async function runCrashCase(
  world: CrashWorld,
  { point, action, hit }: CrashCase,
): Promise<number> {
  const member = world.memberOf(point);
  await member.kill();
  const before = member.logs().length;
  const ms = action === 'pause' ? `:${pauseMs}` : '';
  const restarting = member.restart({ FAILPOINTS: `${point}=${action}${ms}@${hit}` });
  // It may be hit before the process is ready.
  const failed = restarting.then(
    () => undefined,
    (error: unknown) => error,
  );
  const over = new AbortController();
  const provoking = point === 'engine.lease-lost' ? loseLeases(world, over.signal) : undefined;
  const isHit = (): boolean =>
    member.logs().slice(before).includes(`failpoint ${point} reached: ${action}`);
  try {
    await eventually(isHit, hitWithinMs).catch(async () => {
      const reason = `${point} was never hit (${hit}):\n${member.logs().slice(-4_000)}`;
      throw new Error(reason, { cause: await failed });
    });
  } finally {
    over.abort();
    await provoking;
  }
  const hitAt = performance.now();
  if (action === 'crash') await member.ended();
  // Where there are others they make up for it; it comes back with the next case.
  if (action === 'crash' && world.kind === 'one') await member.restart({ FAILPOINTS: '' });
  await world.probe.recovered();
  const recoveryMs = performance.now() - hitAt;
  if (action === 'pause') await outlive(member, hitAt + pauseMs);
  return recoveryMs;
}

/** A process that wakes up late must do no harm: it is given the time to try. */
async function outlive(member: Member, wakesAt: number): Promise<void> {
  await sleep(Math.max(0, wakesAt - performance.now()) + 500);
  await eventually(async () => (await member.readiness()).status === 200, hitWithinMs);
}

/** Lets the engine's leases go to others, again and again. */
async function loseLeases(world: CrashWorld, over: AbortSignal): Promise<void> {
  const { kind, cluster } = world;
  const member = cluster.member(kind === 'one' ? 'all' : 'engine-1');
  while (!over.aborted) {
    if (kind === 'one') {
      // Alone, nobody else would take what has run out.
      await cluster.database.query('UPDATE regions SET token = token + 1, owner = NULL');
      await sleep(1_000);
    } else if (await ownsRegions(world, member)) {
      await sleepThroughLease(member);
    } else {
      // The other one has them all, and keeps them for as long as it lives.
      await sleepThroughLease(cluster.member('engine-2'));
    }
  }
}

async function sleepThroughLease(member: Member): Promise<void> {
  member.pause();
  await sleep(3_000);
  member.resume();
  await sleep(500);
}

async function ownsRegions({ cluster }: CrashWorld, member: Member): Promise<boolean> {
  const rows = await cluster.database.query(
    'SELECT FROM regions JOIN processes ON process_id = owner WHERE pid = $1',
    [member.pid() ?? 0],
  );
  return rows.length > 0;
}
