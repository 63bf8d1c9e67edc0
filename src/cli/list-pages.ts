import type { HttpClient } from '../io/http-client.ts';
import { Failure } from './failure.ts';
import { patientSend, problemText } from './patient-send.ts';
import type { Surroundings } from './surroundings.ts';

export interface ListPageAnswer {
  items: Record<string, unknown>[];
  next_cursor: string | null;
}

export interface List {
  client: HttpClient;
  surroundings: Surroundings;
  /** The path's last part. */
  list: string;
  query: Readonly<Record<string, string>>;
  /** Of the page to begin with; null: the first. */
  cursor: string | null;
}

const PAGE_SIZE = '200';

/** All pages of a list from the cursor on, each with the cursor of the next. */
export async function* listPages(wanted: List): AsyncGenerator<ListPageAnswer> {
  const { client, surroundings, list, query } = wanted;
  for (let cursor: string | null | undefined = wanted.cursor; cursor !== undefined;) {
    const page = { ...query, limit: PAGE_SIZE, ...(cursor !== null && { cursor }) };
    const path = `/v1/${list}?${new URLSearchParams(page)}`;
    const { answer } = await patientSend(client, { method: 'GET', path }, surroundings);
    if (answer.status !== 200) {
      throw new Failure(`${list}: ${answer.status} ${problemText(answer.body) ?? ''}`.trim());
    }
    const read = answer.body as ListPageAnswer;
    yield read;
    cursor = read.next_cursor ?? undefined;
  }
}
