import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from '../../support/cluster.ts';
import { seeded } from '../../support/load.ts';
import { CrashReport } from './crash-report.ts';
import { openCrashWorld, type CrashWorld } from './crash-world.ts';

export interface RandomOptions {
  faults: number;
  seed: number;
  bookers: number;
  brokerUrl: string;
  calendarCommand: string;
  /** Aborted: no other fault is added. */
  signal: AbortSignal;
}

const leaseMs = 2_000;
/** How many of the eight may be down or stand still at a time. */
const atOnce = 3;
const checkEvery = 100;

/**
 * Kills and stops processes at random under load: a killed one starts again at once, a stopped one
 * goes on after up to three leases, when others have what it takes for its own. The order of faults
 * follows from the seed; what they meet does not. True where every guarantee holds.
 */
export async function runRandomFaults(options: RandomOptions): Promise<boolean> {
  const { faults, seed, signal } = options;
  const report = new CrashReport(faults);
  const world = await openCrashWorld({ kind: 'processes', ...options });
  const random = seeded(seed);
  try {
    for (let done = 0; done < faults && !signal.aborted; done += checkEvery) {
      const count = Math.min(checkEvery, faults - done);
      world.startLoad();
      await strike(world, { count, random, report, signal });
      const healedAt = performance.now();
      await world.probe.recovered();
      report.recovered('random', performance.now() - healedAt);
      const isLast = done + count === faults || signal.aborted;
      const violations = isLast ? await world.settleForGood() : await world.settle();
      report.checked(`after ${done + count} faults`, violations);
    }
  } catch (error) {
    report.failed('the installation did not get well', error);
  } finally {
    report.served(world.requests());
    await world.close();
  }
  return report.finish();
}

interface Strikes {
  count: number;
  random: () => number;
  report: CrashReport;
  signal: AbortSignal;
}

async function strike(world: CrashWorld, strikes: Strikes): Promise<void> {
  const { count, random, report, signal } = strikes;
  const suffering = new Map<Member, Promise<void>>();
  for (let index = 0; index < count && !signal.aborted; index++) {
    await sleep(200 + random() * 800);
    while (suffering.size >= atOnce) await Promise.race(suffering.values());
    const well = world.cluster.members().filter((member) => !suffering.has(member));
    const member = well[Math.floor(random() * well.length)];
    if (member === undefined) continue;
    const isKill = random() < 0.6;
    const pauseMs = Math.round(random() * 3 * leaseMs);
    report.progress(`${member.name} ${isKill ? 'killed' : `stopped for ${pauseMs} ms`}`);
    const over = (isKill ? killed(member) : stopped(member, pauseMs)).finally(() =>
      suffering.delete(member),
    );
    suffering.set(member, over);
  }
  await Promise.all(suffering.values());
}

async function killed(member: Member): Promise<void> {
  await member.kill('SIGKILL');
  await member.restart();
}

async function stopped(member: Member, pauseMs: number): Promise<void> {
  member.pause();
  await sleep(pauseMs);
  member.resume();
}
