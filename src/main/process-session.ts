import type { Clock } from '../io/clock.ts';
import type { Log } from '../io/log.ts';
import type { Database, Session } from '../io/postgres.ts';
import {
  beatHeart,
  holdSessionLock,
  registerProcess,
  unregisterProcess,
  type ProcessIdentity,
} from '../store/write/processes.ts';

const heartbeatMs = 2_000;

/**
 * Registers the process and keeps one session whose lock shows the others that it lives. When the
 * session breaks, another is opened under the same key.
 */
export class ProcessSession {
  readonly #database: Database;
  readonly #identity: ProcessIdentity;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #session: Session | undefined;
  #sessionKey: number | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(needs: { database: Database; identity: ProcessIdentity; clock: Clock; log: Log }) {
    this.#database = needs.database;
    this.#identity = needs.identity;
    this.#clock = needs.clock;
    this.#log = needs.log;
  }

  get processId(): string {
    return this.#identity.processId;
  }

  get sessionKey(): number | null {
    return this.#sessionKey;
  }

  async start(): Promise<void> {
    await this.#open();
    this.#running = this.#keep();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await unregisterProcess(this.#database, this.#identity.processId).catch(() => undefined);
    await this.#session?.close().catch(() => undefined);
  }

  async #open(): Promise<void> {
    const sessionKey = await registerProcess(this.#database, this.#identity);
    const session = await this.#database.openSession(() => {
      if (this.#session === session) this.#session = undefined;
    });
    await holdSessionLock(session, sessionKey);
    this.#sessionKey = sessionKey;
    this.#session = session;
  }

  async #keep(): Promise<void> {
    const { signal } = this.#stopping;
    let beatAtMs = 0;
    while (!signal.aborted) {
      await this.#clock.sleep(200, signal);
      try {
        if (this.#session === undefined && !signal.aborted) await this.#open();
        if (this.#clock.monotonicMs() < beatAtMs) continue;
        beatAtMs = this.#clock.monotonicMs() + heartbeatMs;
        await beatHeart(this.#database, this.#identity.processId);
      } catch (error) {
        this.#log.debug({ err: error }, 'no heartbeat: the database does not answer');
      }
    }
  }
}
