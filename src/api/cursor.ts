import { Problem } from '../contract/problem.ts';
import { sha256 } from '../io/random.ts';

/** Opaque cursors of lists: the last item's place in the order, with a check against mistakes. */
export const cursor = {
  write(list: string, place: readonly (string | number)[]): string {
    const text = JSON.stringify(place);
    return Buffer.from(checkOf(list, text) + text).toString('base64url');
  },

  /** Throws `bad-cursor` for anything that `write` did not give out for the same list. */
  read(list: string, kind: CursorPlace, given: string): (string | number)[] {
    const decoded = Buffer.from(given, 'base64url').toString();
    const text = decoded.slice(checkLength);
    const isOurs =
      decoded.startsWith(checkOf(list, text)) &&
      places[kind].test(text) &&
      Buffer.from(decoded).toString('base64url') === given;
    if (!isOurs) throw new Problem('bad-cursor', 'the cursor is not one that this list gave out');
    return JSON.parse(text) as (string | number)[];
  },
};

const checkLength = 12;
// The check is no secret: what a query will be given is looked at all the same.
const id = '"[A-Za-z0-9._-]{1,64}"';
const uuid = '"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"';
const places = {
  id: new RegExp(`^\\[${id}\\]$`),
  uuid: new RegExp(`^\\[${uuid}\\]$`),
  tenantUuid: new RegExp(`^\\[${id},${uuid}\\]$`),
  slot: new RegExp(`^\\[-?\\d{1,12},${uuid}\\]$`),
};

/** What the last item's place in a list's order consists of. */
export type CursorPlace = keyof typeof places;

function checkOf(list: string, text: string): string {
  return sha256(`${list} ${text}`).toString('hex').slice(0, checkLength);
}
