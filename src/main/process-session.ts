import type { Clock } from '../io/clock.ts';
import type { Log } from '../io/log.ts';
import type { Database, Session } from '../io/postgres.ts';
import {
  beatHeart,
  holdSessionLock,
  registerInternalUrl,
  registerProcess,
  unregisterProcess,
  type ProcessIdentity,
} from '../store/write/processes.ts';

const heartbeatMs = 2_000;
/** Without a heartbeat for so long the database is lost, though no connection has said so. */
const silenceMs = 3 * heartbeatMs;

/** How long a stop waits for a database that may be gone. */
const stopLimitMs = 3_000;

/**
 * Registers the process and keeps one session whose lock shows the others that it lives. When the
 * session breaks, another is opened under a new key: the server may go on holding the lock of the
 * old one for as long as it takes the connection to be alive.
 */
export class ProcessSession {
  readonly #database: Database;
  #identity: ProcessIdentity;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #session: Session | undefined;
  #sessionKey: number | null = null;
  #beatenAtMs = 0;
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

  /** Null while the session is broken: then nobody must take this process for dead. */
  get sessionKey(): number | null {
    return this.#session === undefined ? null : this.#sessionKey;
  }

  /** Why no role of the process can do its work, where the database is lost. */
  trouble(): string | undefined {
    const isSilent = this.#clock.monotonicMs() - this.#beatenAtMs > silenceMs;
    return this.#session === undefined || isSilent ? 'the database does not answer' : undefined;
  }

  /** Tells other processes where this one is to be called. */
  async announce(internalUrl: string): Promise<void> {
    this.#identity = { ...this.#identity, internalUrl };
    await registerInternalUrl(this.#database, this.processId, internalUrl);
  }

  async start(): Promise<void> {
    await this.#open();
    this.#running = this.#keep();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const over = new AbortController();
    await Promise.race([this.#close(), this.#clock.sleep(stopLimitMs, over.signal)]);
    over.abort();
  }

  async #close(): Promise<void> {
    await this.#running;
    await unregisterProcess(this.#database, this.#identity.processId).catch(() => undefined);
    await this.#session?.close().catch(() => undefined);
  }

  async #open(): Promise<void> {
    const sessionKey = await registerProcess(this.#database, this.#identity);
    this.#beatenAtMs = this.#clock.monotonicMs();
    const ended = new AbortController();
    const session = await this.#database.openSession(() => {
      ended.abort();
      this.#session = undefined;
    });
    try {
      await holdSessionLock(session, sessionKey);
    } catch (error) {
      await session.close().catch(() => undefined);
      throw error;
    }
    this.#sessionKey = sessionKey;
    if (!ended.signal.aborted) this.#session = session;
  }

  async #keep(): Promise<void> {
    let beatAtMs = 0;
    while (await this.#goesOn()) {
      try {
        if (this.#session === undefined) await this.#open();
        if (this.#clock.monotonicMs() < beatAtMs) continue;
        beatAtMs = this.#clock.monotonicMs() + heartbeatMs;
        await beatHeart(this.#database, this.#identity.processId);
        this.#beatenAtMs = this.#clock.monotonicMs();
      } catch (error) {
        this.#log.debug({ err: error }, 'no heartbeat: the database does not answer');
      }
    }
  }

  async #goesOn(): Promise<boolean> {
    const { signal } = this.#stopping;
    await this.#clock.sleep(200, signal);
    return !signal.aborted;
  }
}
