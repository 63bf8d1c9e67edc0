import { inspect } from 'node:util';
import { describeViolations, type Violation } from '../../support/checker/violation.ts';
import { say } from './say.ts';

interface Finding {
  where: string;
  violations: readonly Violation[];
}

/** What a run has come to, told as it goes and summed up at its end. */
export class CrashReport {
  readonly #total: number;
  readonly #recoveriesMs = new Map<string, number[]>();
  readonly #findings: Finding[] = [];
  readonly #failures: string[] = [];
  #done = 0;
  #requests = 0;

  constructor(total: number) {
    this.#total = total;
  }

  progress(what: string): void {
    this.#done += 1;
    say(`${String(this.#done).padStart(5)}/${this.#total}  ${what}`);
  }

  recovered(action: string, ms: number): void {
    this.#recoveriesMs.set(action, [...(this.#recoveriesMs.get(action) ?? []), ms]);
    say(`${' '.repeat(13)}well again after ${Math.round(ms)} ms`);
  }

  failed(what: string, error: unknown): void {
    this.#failures.push(what);
    say(`FAILED ${what}: ${inspect(error)}`);
  }

  served(requests: number): void {
    this.#requests += requests;
  }

  checked(where: string, violations: readonly Violation[]): void {
    if (violations.length === 0) return;
    this.#findings.push({ where, violations });
    say(`${where}: ${describeViolations(violations)}`);
  }

  /** Prints the summary; true where nothing was found. */
  finish(): boolean {
    const found = this.#findings.flatMap(({ violations }) => violations);
    const counts = new Map<string, number>();
    for (const { guarantee } of found) counts.set(guarantee, (counts.get(guarantee) ?? 0) + 1);
    const byGuarantee = [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
    say(`\n${this.#done} done under ${this.#requests} requests of clients`);
    say(`violations: ${found.length}${byGuarantee === '' ? '' : ` (${byGuarantee})`}`);
    for (const { where } of this.#findings) say(`  ${where}`);
    say(`failed: ${this.#failures.length}`);
    for (const what of this.#failures) say(`  ${what}`);
    const all = [...this.#recoveriesMs.values()].flat();
    for (const [action, times] of this.#recoveriesMs) say(recovery(action, times));
    if (this.#recoveriesMs.size > 1) say(recovery('all', all));
    return found.length === 0 && this.#failures.length === 0;
  }
}

function recovery(action: string, times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const round = (ms = 0): string => `${Math.round(ms)} ms`;
  return `recovery ${action.padEnd(6)} median ${round(median)}, worst ${round(sorted.at(-1))}`;
}
