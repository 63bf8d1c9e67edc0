import { sha256, type Random } from './random.ts';

export interface NewApiKey {
  /** To be shown once, and stored nowhere. */
  key: string;
  /** How it begins, by which people tell keys apart. */
  prefix: string;
  hash: Buffer;
}

/** A key of 192 random bits: beyond guessing, so that a plain hash of it gives nothing away. */
export function newApiKey(random: Random): NewApiKey {
  const key = `sw_${random.hex(24)}`;
  return { key, prefix: key.slice(0, 10), hash: sha256(key) };
}
