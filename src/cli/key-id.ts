import { patterns } from '../contract/fields.ts';
import { Failure } from './failure.ts';

const uuid = new RegExp(patterns.uuid);

/** The id of a key as `keys list` shows it; fails on what can be none. */
export function keyIdOf(text: string, tenant: string): string {
  if (!uuid.test(text)) throw unknownKey(text, tenant);
  return text.toLowerCase();
}

export function unknownKey(id: string, tenant: string): Failure {
  return new Failure(`tenant "${tenant}" has no key ${id}`);
}
