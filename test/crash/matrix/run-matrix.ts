import { runCrashCase, type CrashCase } from './crash-case.ts';
import { CrashReport } from './crash-report.ts';
import { openCrashWorld, type CrashWorld } from './crash-world.ts';

export interface MatrixOptions {
  groups: readonly CrashCase[][];
  seed: number;
  bookers: number;
  brokerUrl: string;
  calendarCommand: string;
  /** Aborted: the run ends after the case in hand. */
  signal: AbortSignal;
}

/**
 * Runs every case, those of one group on one installation: checked after each for what must hold at
 * any moment, and at the end of the group, when all is quiet, for everything. After a failure the
 * next case begins on a fresh installation. True where nothing was found.
 */
export async function runMatrix({ groups, ...options }: MatrixOptions): Promise<boolean> {
  const report = new CrashReport(groups.flat().length);
  for (const group of groups) {
    if (!options.signal.aborted) await runGroup(group, report, options);
  }
  return report.finish();
}

async function runGroup(
  group: readonly CrashCase[],
  report: CrashReport,
  options: Omit<MatrixOptions, 'groups'>,
): Promise<void> {
  let world: CrashWorld | undefined;
  for (const one of group) {
    world ??= await open(one, options);
    const isWell = await runOne(world, one, report);
    const isLast = one === group.at(-1) || options.signal.aborted;
    if (isWell && !isLast) continue;
    await close(world, { where: `at the end, after ${nameOf(one)}`, report, settles: isWell });
    world = undefined;
    if (isLast) return;
  }
}

async function open(one: CrashCase, options: Omit<MatrixOptions, 'groups'>): Promise<CrashWorld> {
  const world = await openCrashWorld({ kind: one.world, ...options });
  world.startLoad();
  return world;
}

async function runOne(world: CrashWorld, one: CrashCase, report: CrashReport): Promise<boolean> {
  const what = nameOf(one);
  report.progress(what);
  try {
    report.recovered(one.action, await runCrashCase(world, one));
    const violations = await world.checkNow();
    report.checked(what, violations);
    return violations.length === 0;
  } catch (error) {
    report.failed(what, error);
    return false;
  }
}

async function close(
  world: CrashWorld,
  { where, report, settles }: { where: string; report: CrashReport; settles: boolean },
): Promise<void> {
  try {
    if (settles) report.checked(where, await world.settleForGood());
  } catch (error) {
    report.failed(where, error);
  } finally {
    report.served(world.requests());
    await world.close();
  }
}

function nameOf({ world, point, action, hit }: CrashCase): string {
  return `${world.padEnd(9)} ${point} ${action}@${hit}`;
}
