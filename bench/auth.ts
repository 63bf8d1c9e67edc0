// What it costs to tell who calls: one route, open to anybody and for who may read, with a key and
// with a JWT that have been seen before; in turn, round after round, on one server.
//
//   npm run bench -- auth [--seconds N] [--rounds N]
//
// CPU is that of the server's process, per request that it answers. The open route with the token
// in its header, which nobody looks at, tells what the bytes of a token cost by themselves.

import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { startReadGenerator, startServer } from './support/children.ts';
import { processCpuSeconds } from './support/cpu.ts';
import { median } from './support/series.ts';
import { startSmallIssuer } from './support/small-issuer.ts';

const CONNECTIONS = 16;
const WARM_UP_SECONDS = 2;
const TARGET_US = 5;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

const issuer = await startSmallIssuer();
const server = await startServer('auth-server.ts', [issuer.url]);
const load = startReadGenerator();

const token = `Bearer ${issuer.token}`;
const kinds = {
  'nobody is asked': { path: '/v1/open' },
  'a repeated key': { path: '/v1/closed', authorization: `Bearer ${'k'.repeat(51)}` },
  'a repeated token': { path: '/v1/closed', authorization: token },
  'a token that nobody looks at': { path: '/v1/open', authorization: token },
} as const;
type Kind = keyof typeof kinds;
const names = Object.keys(kinds) as Kind[];

/** CPU microseconds per request. */
async function measure(kind: Kind, forSeconds: number): Promise<number> {
  const before = processCpuSeconds(server.pid);
  const order = { url: server.url, connections: CONNECTIONS, seconds: forSeconds, ...kinds[kind] };
  const { answered, failure } = await load.run(order);
  if (failure !== null) throw new Error(`${kind}: ${failure}`);
  return ((processCpuSeconds(server.pid) - before) / answered) * 1e6;
}

try {
  console.log(
    `${CONNECTIONS} connections, ${seconds} s per line, a token of ${issuer.token.length} ` +
      `characters; load average ${loadavg()
        .map((load) => load.toFixed(2))
        .join(' ')}`,
  );
  for (const name of names) await measure(name, WARM_UP_SECONDS);
  const cost = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Kind,
    number[]
  >;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) cost[name].push(await measure(name, seconds));
  }
  const base = cost['nobody is asked'];
  for (const name of names) {
    const more = cost[name].map((value, round) => value - (base[round] ?? NaN));
    const eachRound = more.map((value) => value.toFixed(2)).join(', ');
    const total = `${median(cost[name]).toFixed(1).padStart(5)} us per request`;
    const added = name === names[0] ? '' : `, + ${median(more).toFixed(2)} us (${eachRound})`;
    console.log(`${name.padEnd(28)} ${total}${added}`);
  }
  console.log(`the aim is at most + ${TARGET_US} us for a repeated token`);
} finally {
  await load.stop();
  await server.stop();
  await issuer.stop();
}
