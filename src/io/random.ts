import { createHash, createHmac, randomFillSync, randomUUID } from 'node:crypto';
import { v7 } from 'uuid';

/** The only source of randomness. */
export interface Random {
  /** A number in [0, 1). */
  fraction(): number;
  /** RFC 9562 version 7: ordered by time, so that new rows land at one end of an index. */
  uuidV7(): string;
  uuidV4(): string;
  hex(bytes: number): string;
  /** A 31-bit seed, kept with a decision so that it can be replayed. */
  seed(): number;
}

// Asking the operating system for every id costs five microseconds; a pool makes it half of one.
const pool = Buffer.alloc(8_192);
let used = pool.length;

function pooledBytes(count: number): Buffer {
  if (used + count > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return pool.subarray(used - count, used);
}

export const systemRandom: Random = {
  fraction: () => Math.random(),
  uuidV7: () => v7({ random: pooledBytes(16) }),
  uuidV4: () => randomUUID(),
  hex: (bytes) => pooledBytes(bytes).toString('hex'),
  seed: () => pooledBytes(4).readUInt32LE() >>> 1,
};

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export function hmacSha256(key: string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
