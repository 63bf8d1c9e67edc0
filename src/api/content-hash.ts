import { sha256 } from '../io/random.ts';

/**
 * JSON with the members of every object in order of their names, so that two spellings of one
 * request read alike. Numbers are as JSON.stringify gives them.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  const written = members.map(([name, of]) => `${JSON.stringify(name)}:${canonicalJson(of)}`);
  return `{${written.join(',')}}`;
}

/** Hex SHA-256 of a normalised request: what an idempotency key stands for. */
export function contentHash(request: Record<string, unknown>): string {
  return sha256(canonicalJson(request)).toString('hex');
}
