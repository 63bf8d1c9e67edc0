import { hostname, userInfo } from 'node:os';

export interface OperatingProcess {
  pid: number;
  host: string;
  /** Whose process it is: a name, or a number where the account has none. */
  account: string;
  /** Calls `stop` at the first SIGTERM, SIGINT or SIGHUP; a terminal and npm may both send one. */
  onStopSignal(stop: (signal: string) => void): void;
  /** Calls `report` for an error that nobody caught: the process is then in an unknown state. */
  onUncaught(report: (error: unknown) => void): void;
  /** Ends the process at once, whatever is still open. */
  exit(status: number): never;
}

export const operatingProcess: OperatingProcess = {
  pid: process.pid,
  host: hostname(),
  account: account(),
  onStopSignal: (stop) => {
    let stopping = false;
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (!stopping) stop(signal);
        stopping = true;
      });
    }
  },
  onUncaught: (report) => {
    process.on('uncaughtException', report);
    process.on('unhandledRejection', report);
  },
  exit: (status) => process.exit(status),
};

function account(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
