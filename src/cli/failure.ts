interface FailureOptions {
  exitStatus?: 1 | 2;
  details?: readonly string[];
  reported?: boolean;
}

/** Ends a command with one line for its user and an exit status: 1 failed, 2 wrong usage. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitStatus: 1 | 2;
  /** Lines that are shown before the message, such as what is wrong with each row. */
  readonly details: readonly string[];
  /** The report on standard output tells of it already. */
  readonly reported: boolean;

  constructor(message: string, options: FailureOptions = {}) {
    super(message);
    this.exitStatus = options.exitStatus ?? 1;
    this.details = options.details ?? [];
    this.reported = options.reported ?? false;
  }
}
