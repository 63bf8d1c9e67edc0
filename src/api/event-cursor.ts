import { Problem } from '../contract/problem.ts';
import { outboxShards } from '../domain/appointment.ts';
import { sha256 } from '../io/random.ts';

/**
 * Where a reader of the event log stands: the last position read of each shard. Written as one
 * version byte, a varint (LEB128) per shard and a check against mistakes, in base64url.
 */
export const eventCursor = {
  start: (): number[] => new Array<number>(outboxShards).fill(0),

  write(positions: readonly number[]): string {
    const bytes = [formatVersion];
    for (const position of positions) {
      let rest = position;
      for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
      bytes.push(rest);
    }
    const body = Buffer.from(bytes);
    return Buffer.concat([body, checkOf(body)]).toString('base64url');
  },

  /** Throws `bad-cursor` for anything that `write` did not give out. */
  read(given: string): number[] {
    const bytes = Buffer.from(given, 'base64url');
    const body = bytes.subarray(0, -checkLength);
    const isOurs =
      bytes.toString('base64url') === given &&
      body[0] === formatVersion &&
      checkOf(body).equals(bytes.subarray(-checkLength));
    const positions = isOurs ? varints(body.subarray(1)) : undefined;
    if (positions?.length !== outboxShards) {
      throw new Problem('bad-cursor', 'the cursor is not one that the event log gave out');
    }
    return positions;
  },
};

const formatVersion = 1;
const checkLength = 4;

function checkOf(body: Buffer): Buffer {
  return sha256(`events ${body.toString('hex')}`).subarray(0, checkLength);
}

/** Undefined where a number is cut off or beyond what we count to. */
function varints(bytes: Buffer): number[] | undefined {
  const numbers: number[] = [];
  let number = 0;
  let factor = 1;
  for (const byte of bytes) {
    number += (byte % 0x80) * factor;
    factor *= 0x80;
    if (number > Number.MAX_SAFE_INTEGER) return undefined;
    if (byte >= 0x80) continue;
    numbers.push(number);
    number = 0;
    factor = 1;
  }
  return factor === 1 ? numbers : undefined;
}
