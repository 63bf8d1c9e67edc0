import { startTestCluster } from '../support/test-cluster.ts';
import { allFaults } from './all-faults.ts';
import type { Fault } from './fault.ts';
import { Trial, type Verdict } from './trial.ts';

// `npm run faults`: every planted fault; `npm run faults -- --only <part of a name or file>` some.
const say = (line: string): void => void process.stdout.write(`${line}\n`);

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const [flag, fragment = '', ...more] = args;
  if ((flag !== undefined && flag !== '--only') || (flag && fragment === '') || more.length > 0) {
    say('usage: npm run faults [-- --only <part of a fault’s name or file>]');
    return 2;
  }
  const faults = allFaults.filter(({ name, file }) => `${name} ${file}`.includes(fragment));
  if (faults.length === 0) {
    say(`no fault holds "${fragment}"`);
    return 2;
  }
  const cluster = await startTestCluster();
  const trial = new Trial(cluster.url);
  process.once('exit', () => trial.close());
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  try {
    say(`${faults.length} faults; first their tests without any …`);
    for (const name of await trial.callWitnesses(faults)) say(`no witness, it fails: ${name}`);
    return await tryAll(trial, faults);
  } finally {
    trial.close();
    await cluster.stop();
  }
}

async function tryAll(trial: Trial, faults: readonly Fault[]): Promise<number> {
  const counts: Record<Verdict['kind'], number> = { caught: 0, missed: 0, unclear: 0, untried: 0 };
  for (const [index, fault] of faults.entries()) {
    const startedAt = performance.now();
    const verdict = await trial.judge(fault).catch((error: unknown) => broken(error));
    counts[verdict.kind] += 1;
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    const place = `${index + 1}/${faults.length}`.padStart(5);
    say(`${place} ${verdict.kind.toUpperCase().padEnd(7)} ${seconds.padStart(6)} s  ${fault.name}`);
    for (const line of details(verdict)) say(`${' '.repeat(24)}${line}`);
  }
  const { caught, missed, unclear, untried } = counts;
  say(`${caught} caught, ${missed} missed, ${unclear} unclear, ${untried} not tried`);
  return missed + unclear === 0 ? 0 : 1;
}

function broken(error: unknown): Verdict {
  return { kind: 'unclear', why: error instanceof Error ? error.message : String(error) };
}

function details(verdict: Verdict): string[] {
  switch (verdict.kind) {
    case 'caught':
      return [verdict.by, verdict.saying];
    case 'missed':
      return [];
    case 'unclear':
    case 'untried':
      return verdict.why.split('\n');
  }
}
