import type {
  Decision,
  RegionalPreview,
  RegionalQuery,
  RegionOwner,
  RegionSlots,
} from '../../contract/engine-link.ts';
import { internalPaths } from '../../contract/internal-paths.ts';
import type { Repairs } from '../../contract/repairs.ts';
import type { Clock } from '../../io/clock.ts';
import { followLines } from '../../io/follow-lines.ts';
import { HttpClient } from '../../io/http-client.ts';
import type { Log } from '../../io/log.ts';
import type { ApiConfig } from '../config.ts';

export interface EnginePeerOptions {
  url: string;
  secret: string;
  clock: Clock;
  log: Log;
  limits: ApiConfig;
  onDecision: (decision: Decision) => void;
}

/**
 * An engine in another process, by its internal port: hears its decisions on one lasting stream,
 * wakes it, asks it. While the stream is broken nothing is lost but time, and nobody is woken: the
 * database has everything.
 */
export class EnginePeer implements RegionOwner {
  readonly #options: EnginePeerOptions;
  readonly #client: HttpClient;
  readonly #stopping = new AbortController();
  #isHeard = false;
  #calls = 0;
  #wake: 'none' | 'sent' | 'again' = 'none';
  #trouble: string | undefined;

  constructor(options: EnginePeerOptions) {
    this.#options = options;
    const { url, secret: key, limits } = options;
    const { callsPerEngine, engineCallMs: timeoutMs } = limits;
    // One more than the questions, for waking.
    this.#client = new HttpClient({ url, key, timeoutMs, maxConnections: callsPerEngine + 1 });
  }

  start(): void {
    // Ends with `stop`, and never rejects.
    void this.#follow();
  }

  stop(): void {
    this.#stopping.abort();
    this.#client.close();
  }

  /** One at a time: whatever comes meanwhile is one more. */
  wake(): void {
    if (!this.#isHeard) return;
    if (this.#wake === 'none') void this.#sendWake();
    else this.#wake = 'again';
  }

  async availabilityOf(asked: RegionalQuery): Promise<RegionSlots[]> {
    const answer = await this.#ask<{ regions: RegionSlots[] }>(internalPaths.availability, asked);
    return answer?.regions ?? [];
  }

  async previewAbsence(asked: RegionalPreview): Promise<Repairs | undefined> {
    const answer = await this.#ask<{ repairs: Repairs | null }>(
      internalPaths.absencePreview,
      asked,
    );
    return answer?.repairs ?? undefined;
  }

  async #sendWake(): Promise<void> {
    try {
      do {
        this.#wake = 'sent';
        await this.#client.send({ method: 'POST', path: internalPaths.wake });
      } while (this.#wokenAgain());
    } catch (error) {
      this.#note(error);
    } finally {
      this.#wake = 'none';
    }
  }

  #wokenAgain(): boolean {
    return this.#wake === 'again';
  }

  /** Undefined where no good answer comes: whoever asks looks again who owns the region. */
  async #ask<T>(path: string, body: object): Promise<T | undefined> {
    if (this.#calls >= this.#options.limits.callsPerEngine) return undefined;
    this.#calls += 1;
    try {
      const answer = await this.#client.send({ method: 'POST', path, body });
      if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
      return answer.body as T;
    } catch (error) {
      this.#note(error);
      return undefined;
    } finally {
      this.#calls -= 1;
    }
  }

  async #follow(): Promise<void> {
    const { url, secret: key, clock, limits } = this.#options;
    const { signal } = this.#stopping;
    let pauseMs = limits.firstReconnectMs;
    while (!signal.aborted) {
      try {
        await followLines({
          url: url.replace(/\/$/, '') + internalPaths.decisions,
          ...{ key, signal, silenceMs: limits.decisionSilenceMs },
          maxLineCharacters: limits.maxDecisionCharacters,
          onLine: (line) => {
            pauseMs = limits.firstReconnectMs;
            this.#hear(line);
          },
        });
      } catch (error) {
        this.#note(error);
      }
      this.#isHeard = false;
      await clock.sleep(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, limits.lastReconnectMs);
    }
  }

  #hear(line: string): void {
    const { log, url, onDecision } = this.#options;
    if (!this.#isHeard) log.info({ component: 'api', url }, 'decisions of an engine are followed');
    this.#isHeard = true;
    this.#trouble = undefined;
    if (line !== '') onDecision(JSON.parse(line) as Decision);
  }

  /** Once per kind of trouble: an engine that is away is one line. */
  #note(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    if (this.#stopping.signal.aborted || why === this.#trouble) return;
    this.#trouble = why;
    const { log, url } = this.#options;
    log.warn({ component: 'api', url, why }, 'an engine does not answer');
  }
}
