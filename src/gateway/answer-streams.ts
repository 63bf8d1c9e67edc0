import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Answer } from '../contract/route.ts';

type Stream = NonNullable<Answer['stream']>;

/**
 * Streams of one server. Each is pulled no faster than its client takes it, and told to end when
 * the client is gone or the server closes: draining would wait for them in vain.
 */
export class AnswerStreams {
  readonly #open = new Set<AbortController>();
  #closing = false;

  constructor(app: FastifyInstance) {
    app.addHook('preClose', (done) => {
      this.#closing = true;
      for (const over of this.#open) over.abort();
      done();
    });
  }

  /** Status and headers are set. Nothing else will come on the connection. */
  send(stream: Stream, reply: FastifyReply): void {
    const over = new AbortController();
    this.#open.add(over);
    reply.raw.once('close', () => {
      this.#open.delete(over);
      over.abort();
    });
    if (this.#closing) over.abort();
    void reply.header('connection', 'close').header('x-accel-buffering', 'no');
    void reply.send(Readable.from(stream(over.signal), { objectMode: false }));
  }
}
