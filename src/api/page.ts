import { defaultPageLimit } from '../contract/fields.ts';
import type { Answer, RawCall } from '../contract/route.ts';
import { cursor, type CursorPlace } from './cursor.ts';
import { memberOf } from './check-slot.ts';

type Place = readonly (string | number)[];

/** The paging of one list: its cursors are good for no other. */
export class Page<Item> {
  readonly #list: string;
  readonly #kind: CursorPlace;
  readonly #placeOf: (item: Item) => Place;

  constructor(list: string, kind: CursorPlace, placeOf: (item: Item) => Place) {
    this.#list = list;
    this.#kind = kind;
    this.#placeOf = placeOf;
  }

  /** A bad cursor is a 400, which comes before the 422s of the query. */
  readonly precheck = (call: RawCall): void => {
    const given = memberOf(call.query, 'cursor');
    if (typeof given === 'string') this.#at(given);
  };

  read(query: { limit?: number; cursor?: string }): { limit: number; after: Place | undefined } {
    const after = query.cursor === undefined ? undefined : this.#at(query.cursor);
    return { limit: query.limit ?? defaultPageLimit, after };
  }

  /** `found` holds one item more than the limit where there is a next page. */
  answer(found: readonly Item[], limit: number, view: (item: Item) => unknown): Answer {
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const more = found.length > limit && last !== undefined;
    const next = more ? cursor.write(this.#list, this.#placeOf(last)) : null;
    return { status: 200, body: { items: items.map(view), next_cursor: next } };
  }

  #at(given: string): Place {
    return cursor.read(this.#list, this.#kind, given);
  }
}
