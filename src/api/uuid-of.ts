import { patterns } from '../contract/fields.ts';
import { Problem } from '../contract/problem.ts';

const uuid = new RegExp(patterns.uuid);

/** The UUID in a path, in lower case; a malformed one names nothing. */
export function uuidOf(params: Record<string, string>, what: string, name = 'id'): string {
  const id = params[name] ?? '';
  if (!uuid.test(id)) throw new Problem('not-found', `there is no such ${what}`);
  return id.toLowerCase();
}
