import { createHash } from 'node:crypto';
import { generateDay } from '../../bench/support/smptsp-family.ts';
import { policies } from '../../bench/support/placement-policies.ts';
import { runStream } from '../../bench/support/placement-stream.ts';
import { Random } from '../../src/engine/placement/room-making/random.ts';

/** A hash of the bookings that a full day's stream of requests leaves behind. */
export function roomDigest(seed: number): string {
  const random = new Random(seed);
  const family = { workers: 12, skills: 0.4, shortest: 60, longest: 240, utilisation: 0.95 };
  const day = generateDay(family, { name: 'day', spare: 0, below: (bound) => random.below(bound) });
  const [policy] = policies([2_000]).slice(-1);
  if (policy === undefined) throw new Error('no policy');
  const { held, requests, refused, moves } = runStream(day, policy, seed);
  const hash = createHash('sha256').update(JSON.stringify([requests, refused, moves, held]));
  return hash.digest('hex');
}

if (import.meta.main) process.stdout.write(roomDigest(Number(process.argv[2])));
