import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { MailFailure, type MailFailureKind } from './mail.ts';

export interface SmtpServer {
  host: string;
  port: number;
  /** TLS from the first byte (smtps); else STARTTLS where the server offers it. */
  secure: boolean;
  auth?: { user: string; pass: string };
  callTimeoutMs: number;
}

export interface SmtpMessage {
  from: string;
  to: string;
  source: Buffer;
}

interface SmtpError {
  code?: string;
  responseCode?: number;
}

const maxReplyBytes = 65_536;

/**
 * One SMTP connection, which sends one message at a time. Everything the server says is hostile:
 * replies are capped, and aborting ends the connection, so that a server which drips a byte a
 * second holds neither the caller nor a socket.
 */
export class SmtpSession {
  readonly #connection: SMTPConnection;
  readonly #server: SmtpServer;
  #usable = true;
  #onError: ((error: unknown) => void) | undefined;

  constructor(server: SmtpServer) {
    const { host, port, secure, callTimeoutMs } = server;
    this.#server = server;
    this.#connection = new SMTPConnection({
      host,
      port,
      secure,
      connectionTimeout: callTimeoutMs,
      greetingTimeout: callTimeoutMs,
      dnsTimeout: callTimeoutMs,
      socketCloseTimeout: 0,
      maxResponseSize: maxReplyBytes,
      logger: false,
    });
    this.#connection.on('error', (error: unknown) => {
      this.#usable = false;
      this.#onError?.(error);
    });
    this.#connection.on('end', () => {
      this.#usable = false;
      this.#onError?.({ code: 'ECONNECTION' });
    });
  }

  get usable(): boolean {
    return this.#usable;
  }

  /** Connects and logs in: nothing can have been sent while this fails. */
  async open(signal: AbortSignal): Promise<void> {
    await this.#step(signal, (done) => this.#connection.connect(done));
    const { auth } = this.#server;
    if (auth === undefined) return;
    await this.#step(signal, (done) => {
      this.#connection.login({ user: auth.user, credentials: auth }, done);
    });
  }

  async send({ from, to, source }: SmtpMessage, signal: AbortSignal): Promise<void> {
    await this.#step(signal, (done) => {
      this.#connection.send({ from, to: [to] }, source, (error) => done(error));
    });
    if (!this.#usable) return;
    await this.#step(signal, (done) => this.#connection.reset(done)).catch(() => this.close());
  }

  close(): void {
    this.#usable = false;
    this.#connection.close();
  }

  #step(signal: AbortSignal, start: (done: (error?: unknown) => void) => void): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const settle = (error?: unknown): void => {
        signal.removeEventListener('abort', abort);
        this.#onError = undefined;
        if (error === undefined || error === null) return resolve();
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(error);
      };
      const abort = (): void => {
        settle({ code: 'ETIMEDOUT' });
        this.close();
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      this.#onError = settle;
      start(settle);
    });
  }
}

/** What a failed step means. `opening`: no message had been offered yet. */
export function mailFailure(error: unknown, opening: boolean): MailFailure {
  const { code, responseCode } = error as SmtpError;
  const reason = `smtp-${responseCode ?? code?.toLowerCase() ?? 'error'}`;
  return new MailFailure(failureKind(error as SmtpError, opening), reason);
}

function failureKind({ code, responseCode = 0 }: SmtpError, opening: boolean): MailFailureKind {
  if (opening) return 'not-sent';
  // The server's own word that it did not take it; the connection's end says nothing.
  if (responseCode >= 500) return 'refused';
  if (responseCode >= 400) return 'not-sent';
  return code === 'EENVELOPE' ? 'refused' : 'ambiguous';
}
