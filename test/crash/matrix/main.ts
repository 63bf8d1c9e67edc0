import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { globalSetup, globalTeardown } from '../../support/global-setup.ts';
import { peer } from '../../support/peer.ts';
import { allActions, crashCases } from './crash-cases.ts';
import { runRandomFaults } from './random-faults.ts';
import { runMatrix } from './run-matrix.ts';
import { say } from './say.ts';

// `npm run crash`: see docs/how-to/crash-matrix.md.
const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '' },
    actions: { type: 'string', default: allActions.join() },
    hits: { type: 'string', default: '1,2' },
    random: { type: 'string' },
    bookers: { type: 'string', default: '12' },
    worlds: { type: 'string', default: 'processes,one' },
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
  },
});

const listOf = (text: string): string[] => text.split(',').filter((part) => part !== '');
const { url: brokerUrl, skip } = peer('rabbitmq');
const { url: calendarCommand, skip: noCalendars } = peer('radicale');
const seed = Number(values.seed);
const bookers = Number(values.bookers);
const worlds = listOf(values.worlds).filter((name) => name === 'processes' || name === 'one');
const actions = allActions.filter((action) => listOf(values.actions).includes(action));
const groups = crashCases({
  hasCalendars: noCalendars === false,
  worlds: skip === false ? worlds : worlds.filter((name) => name === 'one'),
  points: listOf(values.points),
  actions,
  hits: listOf(values.hits).map(Number),
});

async function run(): Promise<number> {
  if (skip !== false) say(`not tested: separate processes (${skip})`);
  if (noCalendars !== false) say(`not tested: sagas that call calendars (${noCalendars})`);
  const faults = Number(values.random ?? 0);
  if (values.random === undefined ? groups.length === 0 : skip !== false || !(faults > 0)) {
    say('nothing to do');
    return 2;
  }
  say(`seed ${seed}`);
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => stopping.abort());
  const options = { seed, bookers, brokerUrl, calendarCommand, signal: stopping.signal };
  await globalSetup();
  try {
    const isClean =
      values.random === undefined
        ? await runMatrix({ groups, ...options })
        : await runRandomFaults({ faults, ...options });
    return isClean ? 0 : 1;
  } finally {
    await globalTeardown();
  }
}

process.exitCode = await run();
