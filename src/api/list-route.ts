import type { TSchema } from 'typebox';
import { ListPage } from '../contract/fields.ts';
import type { Call, Route } from '../contract/route.ts';
import type { CursorPlace } from './cursor.ts';
import { Page } from './page.ts';

/** What tells one list from another. */
export interface List<Row> extends Pick<Route, 'path' | 'operationId' | 'summary'> {
  /** Named in its cursors, which are good for no other. */
  name: string;
  idKind: Extract<CursorPlace, 'id' | 'uuid'>;
  idOf(row: Row): string;
  pageSchema: TSchema;
  ownership?: Route['ownership'];
  scopes?: Route['scopes'];
  /** Rows in order of id, from after that one. */
  read(call: Call, page: { after: string | null; limit: number }): Promise<Row[]>;
  view(row: Row): unknown;
}

/** The route of a list that has no filters and is in order of id. */
export function listRoute<Row>(list: List<Row>): Route {
  const { path, operationId, summary, ownership = 'tenant' } = list;
  const { scopes = ['appointments:read', 'appointments:self'] } = list;
  const page = new Page<Row>(list.name, list.idKind, (row) => [list.idOf(row)]);
  return {
    method: 'GET',
    ...{ path, summary, ownership, scopes },
    ...(operationId !== undefined && { operationId }),
    responses: { 200: list.pageSchema },
    query: ListPage,
    precheck: page.precheck,
    handle: async (call: Call<unknown, ListPage>) => {
      const { limit, after: [last] = [] } = page.read(call.query);
      const after = last === undefined ? null : String(last);
      return page.answer(await list.read(call, { after, limit: limit + 1 }), limit, list.view);
    },
  };
}
