import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Database, Statement } from '../../../src/io/postgres.ts';
import { sha256 } from '../../../src/io/random.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls, once admitted. */
    actor: string;
  }
}

const findActor: Statement<{ actor: string }> = {
  name: 'find_actor',
  text: `SELECT actor FROM api_keys WHERE hash = $1`,
};

const rememberedMs = 60_000;

/** API keys, looked up by their hash and remembered for a minute. */
export class KnownKeys {
  readonly #database: Database;
  readonly #known = new Map<string, { actor: string; untilMs: number }>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Goes on at once for a key in recent use. */
  admit(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const { authorization = '' } = request.headers;
    const known = this.#known.get(authorization);
    if (known !== undefined && known.untilMs > performance.now()) {
      request.actor = known.actor;
      done();
      return;
    }
    const settle = (actor: string | undefined): void => {
      if (actor === undefined) void reply.code(401).send();
      else {
        request.actor = actor;
        done();
      }
    };
    this.#lookUp(authorization).then(settle, done);
  }

  async #lookUp(authorization: string): Promise<string | undefined> {
    const key = /^Bearer (\S+)$/.exec(authorization)?.[1];
    if (key === undefined) return undefined;
    const [row] = await this.#database.run(findActor, [sha256(key)]);
    if (row === undefined) return undefined;
    this.#known.set(authorization, { actor: row.actor, untilMs: performance.now() + rememberedMs });
    return row.actor;
  }
}
