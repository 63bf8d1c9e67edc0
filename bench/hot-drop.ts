// A hot drop: four hundred seats of one hour, twelve hundred callers at once who wait for the
// outcome. How long until the last seat is sold, whether anyone was sent away while there was one,
// and how often a rival lost the race for the lane that it had found; in turn, on one server.
//
//   npm run bench -- hot-drop [--rounds N]

import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { startDropGenerator, type DropGenerator } from './support/children.ts';
import type { DropReport } from './support/drop-load.ts';
import type { Ledger } from './support/ledger.ts';
import { median, ratio } from './support/series.ts';
import { onStage, type Stage } from './support/stage.ts';

const DESKS = { count: 40, capacity: 10 };
const SEATS = DESKS.count * DESKS.capacity;
const CALLERS = 3 * SEATS;
const CONNECTIONS = 256;
const WAIT_SECONDS = 30;
const DRAIN_SECONDS = 60;
const SLOT_SECONDS = 3_600;

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = Number(values.rounds);

interface Seller {
  name: string;
  url: string;
  key: string;
  ledger: Ledger;
  hasTail?: boolean;
  /** Undefined where nobody races: one owner decides. */
  lostRaces?(): Promise<number>;
}

interface Drop extends DropReport {
  /** Seats taken, as the database has it. */
  taken: number;
  lostRaces: number | undefined;
}

// A Monday noon far enough ahead; every drop has an hour of its own.
let nextStart = Math.ceil(Date.now() / 604_800_000) * 604_800 + 4 * 86_400 + 43_200;

async function sell(generator: DropGenerator, seller: Seller): Promise<Drop> {
  const { url, key, ledger } = seller;
  const slot = { start: nextStart, seconds: SLOT_SECONDS };
  nextStart += 2 * SLOT_SECONDS;
  const lostBefore = await seller.lostRaces?.();
  const report = await generator.run({
    ...{ url, key, slot },
    ...{ connections: CONNECTIONS, callers: CALLERS, seats: SEATS, waitSeconds: WAIT_SECONDS },
  });
  // The next seller is not to pay for what is left to do after this one's sale.
  if (seller.hasTail === true) await ledger.drained(DRAIN_SECONDS);
  const { scheduled } = await ledger.booked({ start: slot.start, end: slot.start + SLOT_SECONDS });
  const lostAfter = await seller.lostRaces?.();
  const lostRaces = lostAfter === undefined ? undefined : lostAfter - (lostBefore ?? 0);
  return { ...report, taken: scheduled, lostRaces };
}

function show({ name }: Seller, drop: Drop): void {
  const { soldOutSeconds, taken, falselyRefused, lostRaces, seconds, statuses } = drop;
  const parts = [
    soldOutSeconds === null ? 'NOT SOLD OUT' : `sold out in ${soldOutSeconds.toFixed(3)} s`,
    `${taken} seats taken`,
    `${falselyRefused.atLeast} to ${falselyRefused.atMost} falsely refused`,
    ...(lostRaces === undefined ? [] : [`${lostRaces} lost races`]),
    `all answered in ${seconds.toFixed(2)} s`,
    JSON.stringify(statuses),
    `load ${(loadavg()[0] ?? NaN).toFixed(1)}`,
  ];
  console.log(`${name.padEnd(20)} ${parts.join(' · ')}`);
}

async function sellersOf({ ours, startRival }: Stage): Promise<Seller[]> {
  return [
    { name: 'ours', ...ours },
    { name: 'usual, first free', ...(await startRival('in-order')) },
    { name: 'usual, random free', ...(await startRival('transaction')) },
    { name: 'one PL/pgSQL call', ...(await startRival('function')) },
  ];
}

async function run(stage: Stage): Promise<void> {
  const generator = startDropGenerator();
  stage.closing(() => generator.stop());
  const sellers = (await sellersOf(stage)).map((seller) => ({ seller, drops: [] as Drop[] }));
  // The first drop only warms up.
  for (let round = 0; round <= rounds; round += 1) {
    for (const { seller, drops } of sellers) {
      const drop = await sell(generator, seller);
      if (round === 0) continue;
      show(seller, drop);
      drops.push(drop);
    }
  }
  const [ours, ...others] = sellers.map(({ seller: { name }, drops }) => ({ name, drops }));
  if (ours === undefined) return;
  console.log(`\nTime to sell out: medians; ratios of the medians (of each round):`);
  console.log(`ours: ${median(soldOut(ours.drops)).toFixed(3)} s`);
  for (const { name, drops } of others) {
    const times = ratio({ ours: soldOut(drops), theirs: soldOut(ours.drops) });
    console.log(`${name}: ${median(soldOut(drops)).toFixed(3)} s, ${times} ours`);
  }
  if (ours.drops.some((drop) => drop.falselyRefused.atLeast > 0 || drop.taken !== SEATS)) {
    console.log('ours is not as it should be');
    process.exitCode = 1;
  }
}

function soldOut(drops: readonly Drop[]): number[] {
  return drops.map(({ soldOutSeconds }) => soldOutSeconds ?? Infinity);
}

console.log(`${SEATS} seats (${DESKS.count} desks of ${DESKS.capacity}), ${CALLERS} callers over \
${CONNECTIONS} connections. The rivals do less: no hours, absences or buffers, no alternatives.`);
await onStage(DESKS, run);
