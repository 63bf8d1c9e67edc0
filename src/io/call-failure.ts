/**
 * `refused`: for good, and nothing was done. `failed`: nothing was done, another attempt may do
 * better. `ambiguous`: it may have been done. `throttled`: not done, and not to be asked for now.
 */
export type CallFailureKind = 'refused' | 'failed' | 'ambiguous' | 'throttled';

/** Why a call to a third party was not known to succeed. Its reason is a code of ours alone. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure';
  readonly kind: CallFailureKind;
  /** How long the other side wants to be left alone, where it said so. */
  readonly retryAfterMs: number | undefined;

  constructor(kind: CallFailureKind, reason: string, retryAfterMs?: number) {
    super(reason);
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}
