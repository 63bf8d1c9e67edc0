import type { Decision } from '../../contract/engine-link.ts';
import type { Clock } from '../../io/clock.ts';
import type { Log } from '../../io/log.ts';
import { pollingLoop, type PollingLoop } from '../../io/polling-loop.ts';
import type { Queries } from '../../io/postgres.ts';
import { findEngines } from '../../store/read/region-owners.ts';
import type { ApiConfig } from '../config.ts';
import { EnginePeer } from './engine-peer.ts';

export interface EnginePeersOptions {
  directory: Queries;
  clock: Clock;
  log: Log;
  limits: ApiConfig;
  /** This process, which is no peer of its own. */
  processId: string;
  secret: string;
  onDecision: (decision: Decision) => void;
}

/** The engines of other processes: those that have registered an internal port and lately lived. */
export class EnginePeers {
  readonly #options: EnginePeersOptions;
  readonly #peers = new Map<string, EnginePeer>();
  readonly #search: PollingLoop;

  constructor(options: EnginePeersOptions) {
    this.#options = options;
    this.#search = pollingLoop({
      ...options,
      name: 'engines',
      turn: () => this.#look(),
      idlePauseMs: options.limits.findEnginesMs,
      busyPauseMs: options.limits.findEnginesMs,
    });
  }

  start(): void {
    this.#search.start();
  }

  async stop(): Promise<void> {
    await this.#search.stop();
    for (const peer of this.#peers.values()) peer.stop();
    this.#peers.clear();
  }

  wake(): void {
    for (const peer of this.#peers.values()) peer.wake();
  }

  /** The peer that runs in the process; it may own a region before it was found here. */
  at({ processId, url }: { processId: string; url: string }): EnginePeer {
    const known = this.#peers.get(processId);
    if (known !== undefined) return known;
    const { secret, clock, log, limits, onDecision } = this.#options;
    const peer = new EnginePeer({ url, secret, clock, log, limits, onDecision });
    this.#peers.set(processId, peer);
    peer.start();
    return peer;
  }

  async #look(): Promise<'none'> {
    const { directory, processId, limits } = this.#options;
    const { engineSeenWithinSeconds: seenWithinSeconds } = limits;
    const found = await findEngines(directory, { processId, seenWithinSeconds });
    for (const [id, url] of found) this.at({ processId: id, url });
    for (const [id, peer] of this.#peers) {
      if (found.has(id)) continue;
      this.#peers.delete(id);
      peer.stop();
    }
    return 'none';
  }
}
