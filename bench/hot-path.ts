// The path that every booking takes, driven from a process of its own: our service, two rivals, and
// our HTTP server without a database, in turn, round after round, on one database server.
//
//   npm run bench -- hot-path [--seconds N] [--rounds N]
//
// A booking counts when its SCHEDULED commit is durable within the measured time. To ours belong
// the time and the CPU until the saga's and the outbox's tails have drained; the rivals have none.

import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { startBareServer, startLoadGenerator } from './support/children.ts';
import { contenderNames, showComparisons, showLine } from './support/hot-path-report.ts';
import type { ContenderName, Results } from './support/hot-path-report.ts';
import { Meter, type Contender } from './support/measure.ts';
import { onStage, type Stage } from './support/stage.ts';

const DESKS = { count: 100, capacity: 1 };
const MANY = 64;
const WAIT_SECONDS = 10;
const WARM_UP_SECONDS = 2;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '2' },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

type Contenders = Record<ContenderName, Contender>;

const order = Object.keys(contenderNames) as ContenderName[];

async function run(stage: Stage): Promise<void> {
  const load = startLoadGenerator();
  stage.closing(() => load.stop());
  const meter = new Meter({ load, postmaster: stage.postmaster });
  const contenders = await contendersOf(stage);
  for (const name of order) {
    await meter.measure(contenders[name], {
      connections: MANY,
      seconds: WARM_UP_SECONDS,
      waitSeconds: 0,
    });
  }
  const resting = await meter.rest();
  console.log(
    `at rest our service costs the database server ${(resting * 100).toFixed(1)} % of a core, ` +
      "which is taken off the others' cost",
  );
  const many = await measureRounds(meter, contenders, MANY);
  const one = await measureRounds(meter, contenders, 1);
  console.log('\nMedians (rounds); ratios of the medians (of each round):');
  showComparisons({ many, one });
}

async function contendersOf({ ours, startRival, closing }: Stage): Promise<Contenders> {
  const rivals = {
    transaction: await startRival('transaction'),
    function: await startRival('function'),
  };
  const bare = await startBareServer();
  closing(() => bare.stop());
  return { accept: ours, wait: ours, ...rivals, bare: { ...bare, key: 'x'.repeat(16) } };
}

async function measureRounds(
  meter: Meter,
  contenders: Contenders,
  connections: number,
): Promise<Results> {
  const results: Results = { accept: [], transaction: [], wait: [], function: [], bare: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of order) {
      const waitSeconds = name === 'wait' ? WAIT_SECONDS : 0;
      const shape = { connections, seconds, waitSeconds };
      const measured = await meter.measure(contenders[name], shape);
      showLine(`${connections} × ${contenderNames[name]}`, measured);
      results[name].push(measured);
    }
  }
  return results;
}

const loads = loadavg().map((load) => load.toFixed(2));
console.log(`${DESKS.count} desks, ${seconds} s per line; CPU per booking: Node + Postgres.
The rivals do less: one tenant, no hours, absences or buffers, no saga; their outbox is not read.
Load average at the start: ${loads.join(' ')}\n`);
await onStage(DESKS, run);
