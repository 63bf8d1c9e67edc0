// How many bookings of a full day are accepted, by policy: the tasks of SMPTSP instances in random
// order, with exactly the workers that a solution needs, or a share more; in process.
//
//   npm run bench -- engine [part of an instance's name] [--seeds N] [--every N] [--staff 0.05]
//     [--pools 2000,20000,60000] [--policies part,part]
//
// Without the shared instances days of the same family are generated.

import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../src/engine/placement/room-making/random.ts';
import { policies, type Policy } from './support/placement-policies.ts';
import { emptyResult, runStream, type StreamResult } from './support/placement-stream.ts';
import { quantile } from './support/series.ts';
import { projectRoot } from './support/service.ts';
import { generateDay } from './support/smptsp-family.ts';
import { solvedDays, withMoreStaff, type SmptspDay } from './support/smptsp-fleet.ts';

const { values, positionals } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    every: { type: 'string', default: '7' },
    staff: { type: 'string', default: '0' },
    pools: { type: 'string', default: '2000,20000,60000' },
    policies: { type: 'string', default: '' },
  },
  allowPositionals: true,
});

function generatedDays(): SmptspDay[] {
  const random = new Random(1);
  const below = (bound: number) => random.below(bound);
  return [20, 60, 120, 180].flatMap((workers) =>
    [0.33, 0.66].map((skills) => {
      const name = `generated-${workers}-${skills * 100}`;
      const family = { workers, skills, shortest: 50, longest: 200, utilisation: 0.92 };
      return generateDay(family, { name, spare: Math.ceil(workers / 5), below });
    }),
  );
}

function days(): SmptspDay[] {
  const folder = join(
    resolve(projectRoot, process.env['SLOTWRIGHT_SHARED_DATA'] ?? '../shared/data'),
    'smptsp',
  );
  if (!existsSync(folder)) {
    console.log(`SKIPPED the published instances: none at ${folder} (SLOTWRIGHT_SHARED_DATA)`);
    return generatedDays();
  }
  const every = positionals[0] === undefined ? Number(values.every) : 1;
  return solvedDays(folder, positionals[0]).filter((_, index) => index % every === 0);
}

function measure(policy: Policy, chosen: readonly SmptspDay[]): StreamResult {
  const total = emptyResult();
  for (const day of chosen) {
    for (let seed = 1; seed <= Number(values.seeds); seed += 1)
      add(total, runStream(day, policy, seed));
  }
  return total;
}

function add(total: StreamResult, one: StreamResult): void {
  total.requests += one.requests;
  total.refused += one.refused;
  total.certified += one.certified;
  total.moves += one.moves;
  for (const value of one.wallMs) total.wallMs.push(value);
  for (const value of one.cpuMs) total.cpuMs.push(value);
  for (const value of one.weighings) total.weighings.push(value);
  total.iterations.push(...one.iterations);
  total.wrong.push(...one.wrong);
}

function show({ name }: Policy, result: StreamResult): void {
  const { requests, refused, certified, moves, wallMs, cpuMs, iterations, weighings, wrong } =
    result;
  const at = (share: number) => quantile(cpuMs, share).toFixed(2).padStart(7);
  const cells = [
    `${((1 - refused / requests) * 100).toFixed(3).padStart(7)} % of ${requests}`,
    `${refused} refused (${certified} certified)`,
    `p50 ${(quantile(wallMs, 0.5) * 1_000).toFixed(1)} us`,
    `p99 ${at(0.99)} max ${at(1)} ms CPU`,
    `${(moves / requests).toFixed(2)} moves`,
    `weighings p99 ${quantile(weighings, 0.99)}, max ${quantile(weighings, 1)}`,
    `${iterations.length} pools, p99 ${quantile(iterations, 0.99)}, max ${quantile(iterations, 1)}`,
    ...(wrong.length === 0 ? [] : [`WRONG: ${wrong.slice(0, 3).join('; ')}`]),
  ];
  console.log(`${name.padEnd(18)} ${cells.join(' · ')}`);
  if (wrong.length > 0) process.exitCode = 1;
}

const staff = Number(values.staff);
const chosen = days().map((day) => withMoreStaff(day, staff));
const parts = values.policies.split(',');
const named = policies(values.pools.split(',').map(Number)).filter(({ name }) =>
  parts.some((part) => name.includes(part)),
);
const loads = loadavg().map((load) => load.toFixed(2));
console.log(
  `${chosen.length} days, ${values.seeds} seeds, ${staff * 100} % more staff; load average ${loads.join(' ')}`,
);
// The first run only warms up.
const [first] = chosen;
if (first !== undefined) for (const policy of named) runStream(first, policy, 0);
for (const policy of named) show(policy, measure(policy, chosen));
