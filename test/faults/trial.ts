import { editsOf, type Fault } from './fault.ts';
import type { Outcome } from './outcome-reporter.ts';
import { PlantedCopy } from './planted-copy.ts';
import { runTitles, type TitlesRun, type Wanted } from './run-titles.ts';

export type Verdict =
  | { kind: 'caught'; by: string; saying: string }
  | { kind: 'missed' }
  /** Nothing was learnt: the fault, or the way to it, is broken. */
  | { kind: 'unclear'; why: string }
  /** Its tests need something that is not here. */
  | { kind: 'untried'; why: string };

// A statement that the server cannot even read would be noticed by whatever runs it.
const readable: Wanted = {
  tests: ['test/integration/statements.test.ts'],
  titles: ['every statement can be prepared against the schema'],
};

const secondsPerFault = 240;

/** Plants faults in a copy of the project, one at a time, and sees whether its tests notice. */
export class Trial {
  readonly #copy = new PlantedCopy();
  readonly #databaseUrl: string;
  /** Tests that pass without a fault: no others can bear witness. */
  #witnesses = new Set<string>();

  constructor(databaseUrl: string) {
    this.#databaseUrl = databaseUrl;
  }

  /** Runs the tests of all these faults without any; answers those that fail all the same. */
  async callWitnesses(faults: readonly Fault[]): Promise<string[]> {
    const wanted = together([readable, ...faults]);
    const { outcomes, overTime, noise } = await this.#run(wanted, 60 + 20 * wanted.tests.length);
    if (overTime || outcomes.length === 0) throw new Error(`no run without a fault:\n${noise}`);
    const passed = outcomes.filter(({ outcome }) => outcome === 'passed');
    this.#witnesses = new Set(passed.map(nameOf));
    return outcomes.filter(({ outcome }) => outcome === 'failed').map(nameOf);
  }

  judge(fault: Fault): Promise<Verdict> {
    const changesSql = editsOf(fault).some(({ file }) => /^(src\/store|migrations)\//.test(file));
    return this.#copy.with(fault, async () => {
      if (changesSql) {
        const { outcomes } = await this.#run(readable, secondsPerFault);
        const unread = outcomes.find(({ outcome }) => outcome === 'failed');
        if (unread !== undefined) return { kind: 'unclear', why: `no statement: ${unread.why}` };
      }
      const isEnough = (outcome: Outcome): boolean => this.#isWitness(fault, outcome);
      return this.#verdict(fault, await this.#run(fault, secondsPerFault, isEnough));
    });
  }

  close(): void {
    this.#copy.remove();
  }

  #verdict(fault: Fault, { outcomes, overTime, noise }: TitlesRun): Verdict {
    const caught = outcomes.find((outcome) => this.#isWitness(fault, outcome));
    if (caught !== undefined) return { kind: 'caught', by: nameOf(caught), saying: caught.why };
    if (overTime) return { kind: 'unclear', why: `not over in ${secondsPerFault} s` };
    const own = outcomes.filter((outcome) => isOf(fault, outcome));
    if (own.some(({ outcome }) => outcome === 'failed')) {
      return { kind: 'unclear', why: 'its tests fail without the fault too' };
    }
    if (own.some(({ outcome }) => outcome === 'passed')) return { kind: 'missed' };
    const [skipped] = own;
    if (skipped !== undefined) return { kind: 'untried', why: skipped.why };
    const said = [...outcomes.map(({ why }) => why), noise].find((text) => text !== '');
    return { kind: 'unclear', why: `none of its tests ran: ${said ?? 'nothing was said'}` };
  }

  /** The outcome shows the fault: a test of its failed that passes without it. */
  #isWitness(fault: Fault, outcome: Outcome): boolean {
    if (outcome.outcome !== 'failed' || outcome.timedOut || !isOf(fault, outcome)) return false;
    return this.#witnesses.has(nameOf(outcome));
  }

  #run(
    wanted: Wanted,
    limitSeconds: number,
    isEnough: (outcome: Outcome) => boolean = () => false,
  ): Promise<TitlesRun> {
    const [folder, databaseUrl] = [this.#copy.folder, this.#databaseUrl];
    return runTitles(wanted, { folder, databaseUrl, limitSeconds, isEnough });
  }
}

function isOf({ tests, titles }: Fault, { file, title }: Outcome): boolean {
  return tests.includes(file) && titles.some((part) => title.includes(part));
}

function together(wanted: readonly Wanted[]): Wanted {
  return {
    tests: [...new Set(wanted.flatMap(({ tests }) => tests))],
    titles: [...new Set(wanted.flatMap(({ titles }) => titles))],
  };
}

function nameOf({ file, title }: Outcome): string {
  return `${file}: ${title}`;
}
