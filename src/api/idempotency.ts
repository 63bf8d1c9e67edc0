import { Problem } from '../contract/problem.ts';
import type { Clock } from '../io/clock.ts';
import type { TenantReads } from '../io/tenant-reads.ts';
import { sqlState } from '../io/postgres.ts';
import { findKey } from '../store/read/idempotency-keys.ts';

/** Where a key is unique: tenant, operation (method and route) and the key, byte by byte. */
export interface KeyName {
  tenantId: string;
  operation: string;
  key: string;
}

export interface FirstUse {
  commandId: string;
  subjectId: string;
}

// Another process holds the same key in a transaction that does not end.
const lockTimeoutState = '55P03';

/**
 * Idempotency keys as one process sees them. The database alone decides who was first; the map of
 * keys in flight only spares duplicates of this process a place in a batch.
 */
export class Idempotency {
  readonly #reads: TenantReads;
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #forgetMs: number;
  readonly #inFlight = new Map<string, { settled: Promise<unknown>; sinceMs: number }>();

  constructor(
    reads: TenantReads,
    clock: Clock,
    limits: { keyInFlightMs: number; keyForgottenMs: number },
  ) {
    this.#reads = reads;
    this.#clock = clock;
    this.#waitMs = limits.keyInFlightMs;
    this.#forgetMs = limits.keyForgottenMs;
  }

  /** The first use of the key, if any; throws where that was with other content. */
  async firstUse(name: KeyName, contentHash: string): Promise<FirstUse | undefined> {
    const used = await findKey(this.#reads.of(name.tenantId), name);
    if (used === undefined) return undefined;
    if (used.contentHash !== contentHash || used.commandId === null) {
      throw new Problem('idempotency-key-reused', 'this key came with another request before', {
        members: {
          errors: [
            {
              pointer: '/idempotency_key',
              code: 'idempotency-key-reused',
              message: 'came with another request before',
            },
          ],
        },
      });
    }
    return { commandId: used.commandId, subjectId: used.subjectId };
  }

  /**
   * Runs `accept` unless the key is in flight here: then waits for that request to end and answers
   * its use. 409 `key-in-flight` where it does not end in time.
   */
  async once<T>(
    name: KeyName,
    contentHash: string,
    accept: () => Promise<T>,
  ): Promise<{ first: FirstUse } | { accepted: T }> {
    const id = `${name.tenantId} ${name.operation} ${name.key}`;
    const inFlight = this.#inFlight.get(id);
    const sinceMs = this.#clock.monotonicMs();
    // One that hangs must not keep its key for ever: the database tells what became of it.
    if (inFlight !== undefined && sinceMs - inFlight.sinceMs < this.#forgetMs) {
      await this.#ended(inFlight.settled);
      const first = await this.firstUse(name, contentHash);
      if (first !== undefined) return { first };
    }
    const accepting = accept().catch((error: unknown) => {
      throw sqlState(error) === lockTimeoutState ? keyInFlight() : error;
    });
    const settled = accepting.then(nothing, nothing);
    this.#inFlight.set(id, { settled, sinceMs });
    try {
      return { accepted: await accepting };
    } finally {
      if (this.#inFlight.get(id)?.settled === settled) this.#inFlight.delete(id);
    }
  }

  async #ended(inFlight: Promise<unknown>): Promise<void> {
    const ended = new AbortController();
    const ending = inFlight.then(() => ended.abort(null));
    await Promise.race([ending, this.#clock.sleep(this.#waitMs, ended.signal)]);
    if (!ended.signal.aborted) throw keyInFlight();
  }
}

function keyInFlight(): Problem {
  return new Problem('key-in-flight', 'a request with this key is still in progress', {
    headers: { 'retry-after': '1' },
  });
}

function nothing(): void {
  // Whoever started the request hears of its failure.
}
