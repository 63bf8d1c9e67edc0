import { parentPort } from 'node:worker_threads';
import type { ReadObject, ReadOptions } from './ics-reader.ts';
import { readEvent } from './read-event.ts';
import { readMultistatus, type FoundResource } from './read-multistatus.ts';

export interface IcsThreadRequest extends ReadOptions {
  /** Index of the first object to read. */
  from: number;
}

export type IcsThreadAnswer =
  /** The thread is up and has the text; from here on each object has its time. */
  | { kind: 'begun' }
  /** Null: it could not be read. */
  | { kind: 'object'; index: number; object: ReadObject | null }
  | { kind: 'malformed' }
  | { kind: 'done' };

const port = parentPort;
port?.on('message', (request: IcsThreadRequest) => {
  const answer = (message: IcsThreadAnswer): void => port.postMessage(message);
  answer({ kind: 'begun' });
  const resources = resourcesOf(request);
  if (resources === undefined) return answer({ kind: 'malformed' });
  for (const [index, resource] of resources.entries()) {
    if (index >= request.from) answer({ kind: 'object', index, object: read(resource, request) });
  }
  answer({ kind: 'done' });
});

function resourcesOf({ form, body }: IcsThreadRequest): FoundResource[] | undefined {
  if (form === 'object') return [{ href: '', etag: null, text: body }];
  try {
    return readMultistatus(body);
  } catch {
    return undefined;
  }
}

function read({ href, etag, text }: FoundResource, where: IcsThreadRequest): ReadObject | null {
  try {
    return { href, etag, ...readEvent(text, where) };
  } catch {
    return null;
  }
}
