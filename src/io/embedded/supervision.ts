import { systemClock } from '../clock.ts';
import type { Log } from '../log.ts';
import { startPostmaster } from './postmaster.ts';
import type { Postmaster, PostmasterOptions } from './postmaster.ts';

export interface Supervision {
  /** Resolves, with the reason, only when the server died and could not be brought back. */
  failed: Promise<Error>;
  stop(): Promise<void>;
}

/** A server that dies more often than this within the window stays down. */
const limit = { restarts: 5, windowMs: 60_000, firstPauseMs: 100 };

/** Starts the server again when it dies, which recovers everything that was committed. */
export function supervise(options: {
  first: Postmaster;
  running: Omit<PostmasterOptions, 'signal'>;
  log: Log;
}): Supervision {
  const { running, log } = options;
  const stopping = new AbortController();
  const deaths: number[] = [];
  const isStopping = (): boolean => stopping.signal.aborted;
  let current = options.first;

  const keepRunning = async (): Promise<Error | undefined> => {
    for (;;) {
      const how = await current.exited;
      if (isStopping()) return undefined;
      const now = systemClock.monotonicMs();
      deaths.push(now);
      const recent = deaths.filter((at) => at > now - limit.windowMs).length;
      log.error({ how, recent }, 'embedded PostgreSQL died');
      if (recent > limit.restarts) return new Error(`PostgreSQL died ${recent} times in a minute`);
      await systemClock.sleep(limit.firstPauseMs * 2 ** (recent - 1), stopping.signal);
      if (isStopping()) return undefined;
      current = await startPostmaster({ ...running, signal: stopping.signal });
      log.info({ pid: current.pid }, 'embedded PostgreSQL is running again');
    }
  };

  const over = keepRunning().catch((error: unknown) => error as Error);
  return {
    failed: new Promise((resolve) => {
      void over.then((error) => {
        if (error !== undefined && !isStopping()) resolve(error);
      });
    }),
    stop: async () => {
      stopping.abort();
      await current.stop();
      await over;
    },
  };
}
