import { SingleBar } from 'cli-progress';

export interface Progress {
  advance(by?: number): void;
  stop(): void;
}

/** Where a command speaks: results on standard output, everything else on standard error. */
export interface Terminal {
  print(text: string): void;
  complain(text: string): void;
  /** Writes to standard output as it is, at the pace of its reader. Rejects when that is gone. */
  write(text: string): Promise<void>;
  /** Drawn only where a person looks at standard error; without a total it counts. */
  progress(label: string, total?: number): Progress;
}

export const terminal: Terminal = {
  print: (text) => void process.stdout.write(`${text}\n`),
  complain: (text) => void process.stderr.write(`${text}\n`),
  write: writeOut,
  progress: (label, total) => (process.stderr.isTTY ? drawnProgress(label, total) : noProgress),
};

export const noProgress: Progress = { advance: () => undefined, stop: () => undefined };

let isWatched = false;

function writeOut(text: string): Promise<void> {
  // The failure of a write is told to its callback and once more as an event, which would end us.
  if (!isWatched) process.stdout.on('error', () => undefined);
  isWatched = true;
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error instanceof Error ? reject(error) : resolve()));
  });
}

function drawnProgress(label: string, total: number | undefined): Progress {
  const format =
    total === undefined
      ? `${label} {value} · {duration_formatted}`
      : `${label} {bar} {percentage}% · {value}/{total} · {eta_formatted} left`;
  const bar = new SingleBar({
    format,
    stream: process.stderr,
    // A process that is ended in between would leave the terminal without one.
    hideCursor: false,
    barsize: 30,
    etaBuffer: 500,
  });
  bar.start(total ?? 0, 0);
  return { advance: (by = 1) => bar.increment(by), stop: () => bar.stop() };
}
