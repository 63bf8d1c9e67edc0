import type { Random } from '../io/random.ts';

const wellFormed = /^[A-Za-z0-9._-]{1,128}$/;

/** The caller's X-Request-Id where it is well-formed, else a new one. */
export function requestId(header: string | string[] | undefined, random: Random): string {
  return typeof header === 'string' && wellFormed.test(header) ? header : random.uuidV7();
}
