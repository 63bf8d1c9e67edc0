export interface Mail {
  /** The whole header value, angle brackets included. Equal for every attempt of one message. */
  messageId: string;
  /** One address, checked with `isMailAddress`. */
  to: string;
  subject: string;
  text: string;
  html?: string;
}

export interface Mailer {
  /** False: mail is recorded as skipped and never handed to `send`. */
  readonly configured: boolean;
  /** The domain to make message ids under. */
  readonly domain: string;
  /** Resolves once the server has taken the message; throws `MailFailure` otherwise. */
  send(mail: Mail, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/**
 * `refused`: for good, nothing was sent. `not-sent`: nothing was sent, another attempt may do
 * better. `ambiguous`: the server may have taken the message.
 */
export type MailFailureKind = 'refused' | 'not-sent' | 'ambiguous';

/** Why a mail was not known to be sent. Its message never holds credentials or addresses. */
export class MailFailure extends Error {
  override readonly name = 'MailFailure';
  readonly kind: MailFailureKind;

  constructor(kind: MailFailureKind, reason: string) {
    super(reason);
    this.kind = kind;
  }
}

/**
 * A plain `local@domain`: no spaces, brackets, lists, quotes or control characters, so that it is
 * one address wherever it is written. Stricter than RFC 5321, on purpose.
 */
export function isMailAddress(text: string): boolean {
  return (
    text.length <= 254 &&
    /^[^\p{C}\s()<>[\]:;,"\\@]{1,64}@[^\p{C}\s()<>[\]:;,"\\@]{1,253}$/u.test(text)
  );
}
