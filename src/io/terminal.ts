import { SingleBar } from 'cli-progress';

export interface Progress {
  advance(): void;
  stop(): void;
}

/** Where a command speaks: results on standard output, everything else on standard error. */
export interface Terminal {
  print(text: string): void;
  complain(text: string): void;
  /** Drawn only where a person looks at standard error. */
  progress(label: string, total: number): Progress;
}

export const terminal: Terminal = {
  print: (text) => void process.stdout.write(`${text}\n`),
  complain: (text) => void process.stderr.write(`${text}\n`),
  progress: (label, total) => (process.stderr.isTTY ? drawnProgress(label, total) : noProgress),
};

export const noProgress: Progress = { advance: () => undefined, stop: () => undefined };

function drawnProgress(label: string, total: number): Progress {
  const bar = new SingleBar({
    format: `${label} {bar} {value}/{total} · {eta_formatted} left`,
    stream: process.stderr,
    hideCursor: true,
    etaBuffer: 500,
  });
  bar.start(total, 0);
  return { advance: () => bar.increment(), stop: () => bar.stop() };
}
