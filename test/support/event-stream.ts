import { request, type IncomingMessage } from 'node:http';

export interface ReceivedEvent {
  id: string;
  data: string;
}

/** A client of server-sent events that shows what arrived. */
export interface EventStream {
  status: number;
  headers: Headers;
  events: ReceivedEvent[];
  comments: string[];
  /** Whether the server has ended it. */
  readonly ended: boolean;
  readonly error: Error | undefined;
  pause(): void;
  resume(): void;
  close(): void;
}

export function openEventStream(options: {
  url: string;
  key: string;
  lastEventId?: string;
}): Promise<EventStream> {
  const { url, key, lastEventId } = options;
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      agent: false,
      headers: {
        authorization: `Bearer ${key}`,
        accept: 'text/event-stream',
        ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      },
    });
    sent.once('error', reject);
    sent.once('response', (response) => resolve(received(response)));
    sent.end();
  });
}

function received(response: IncomingMessage): EventStream {
  const events: ReceivedEvent[] = [];
  const comments: string[] = [];
  const state: { ended: boolean; error: Error | undefined } = { ended: false, error: undefined };
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (piece: string) => {
    text += piece;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      take(text.slice(0, end), { events, comments });
      text = text.slice(end + 2);
    }
  });
  response.once('end', () => (state.ended = true));
  response.once('error', (error) => (state.error = error));
  return {
    status: response.statusCode ?? 0,
    headers: new Headers(response.headers as Record<string, string>),
    events,
    comments,
    get ended() {
      return state.ended;
    },
    get error() {
      return state.error;
    },
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    close: () => void response.destroy(),
  };
}

function take(block: string, into: { events: ReceivedEvent[]; comments: string[] }): void {
  const lines = block.split('\n');
  const field = (name: string): string | undefined =>
    lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  into.comments.push(...lines.filter((line) => line.startsWith(':')));
  const data = field('data');
  if (data !== undefined) into.events.push({ id: field('id') ?? '', data });
}
