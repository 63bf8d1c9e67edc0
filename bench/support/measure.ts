import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadGenerator } from './children.ts';
import { familyCpuSeconds, processCpuSeconds } from './cpu.ts';
import type { Ledger } from './ledger.ts';
import type { LoadReport } from './load.ts';

/** A server that takes bookings. */
export interface Contender {
  url: string;
  key: string;
  pid: number;
  /** Where its bookings are; absent where it keeps none. */
  ledger?: Ledger;
  /** Whether work follows a booking's commit, and goes on at rest: it belongs to its cost. */
  hasTail?: boolean;
}

export interface Shape {
  connections: number;
  seconds: number;
  /** Seconds of `Prefer: wait`; 0: none. */
  waitSeconds: number;
}

export interface Measured {
  answeredPerSecond: number;
  /** Durable before the measured time ends, which the tail's drain belongs to; NaN: keeps none. */
  scheduledPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Microseconds per booking. */
  nodeCpuUs: number;
  postgresCpuUs: number;
  drainSeconds: number;
  /** What did not go well, if anything. */
  remark: string | undefined;
}

const DRAIN_SECONDS = 60;
const REST_SECONDS = 3;

/** Loads one contender at a time, each time with slots that nobody has asked for before. */
export class Meter {
  readonly #load: LoadGenerator;
  readonly #postmaster: number;
  #restingCpuShare = 0;
  // A Monday far enough ahead; each order takes up where the one before it ended.
  #nextSlotSeconds = Math.ceil(Date.now() / 604_800_000) * 604_800 + 4 * 86_400;

  constructor({ load, postmaster }: { load: LoadGenerator; postmaster: number }) {
    this.#load = load;
    this.#postmaster = postmaster;
  }

  /** What the database server does while nobody asks anything: CPU seconds per second. */
  async rest(): Promise<number> {
    const before = familyCpuSeconds(this.#postmaster);
    await sleep(REST_SECONDS * 1_000);
    this.#restingCpuShare = (familyCpuSeconds(this.#postmaster) - before) / REST_SECONDS;
    return this.#restingCpuShare;
  }

  /** The server's work at rest is done for whoever has a tail, and taken off the others' cost. */
  async measure(contender: Contender, shape: Shape): Promise<Measured> {
    const { url, key, ledger } = contender;
    const start = this.#nextSlotSeconds;
    const before = this.#cpuSeconds(contender);
    const report = await this.#load.run({ ...shape, url, key, firstSlotSeconds: start });
    this.#nextSlotSeconds = report.nextSlotSeconds;
    if (contender.hasTail === true) await ledger?.drained(DRAIN_SECONDS);
    const drainSeconds = (performance.timeOrigin + performance.now() - report.endedAtMs) / 1_000;
    const after = this.#cpuSeconds(contender);
    const resting = contender.hasTail === true ? 0 : this.#restingCpuShare * report.seconds;
    const postgresSeconds = after.postgres - before.postgres - resting;
    const booked = await ledger?.booked({ start, end: report.nextSlotSeconds });
    const answered = answeredWell(report);
    const bookings = booked?.scheduled ?? answered;
    return {
      answeredPerSecond: answered / report.seconds,
      scheduledPerSecond: booked ? bookings / (report.seconds + drainSeconds) : NaN,
      p50Ms: report.p50Ms,
      p99Ms: report.p99Ms,
      nodeCpuUs: ((after.node - before.node) / bookings) * 1e6,
      postgresCpuUs: booked ? (postgresSeconds / bookings) * 1e6 : 0,
      drainSeconds,
      remark: remarkOn(report, { answered, bookings }),
    };
  }

  #cpuSeconds({ pid }: Contender): { node: number; postgres: number } {
    return { node: processCpuSeconds(pid), postgres: familyCpuSeconds(this.#postmaster) };
  }
}

function answeredWell({ statuses }: LoadReport): number {
  return (statuses['202'] ?? 0) + (statuses['201'] ?? 0);
}

function remarkOn(
  { failure }: LoadReport,
  { answered, bookings }: { answered: number; bookings: number },
): string | undefined {
  if (failure === null && answered === bookings) return undefined;
  return `${answered} answered well, ${bookings} booked; ${failure ?? ''}`.slice(0, 300);
}
