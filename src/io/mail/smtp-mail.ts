import MailComposer from 'nodemailer/lib/mail-composer';
import type { Clock } from '../clock.ts';
import { isMailAddress, MailFailure, type Mail, type Mailer } from './mail.ts';
import { mailFailure, SmtpSession, type SmtpServer } from './smtp-session.ts';

export interface SmtpMailOptions {
  /** SMTP_URL: `smtp://user:password@host:port` or `smtps://…`. */
  url: string;
  /** MAIL_FROM: an address, or `Name <address>`. */
  from: string;
  /** CALL_TIMEOUT_MS: for one message as a whole, connecting included. */
  callTimeoutMs: number;
  clock: Clock;
}

// A session left alone longer than this is not trusted: servers close idle ones after a minute or
// more, and finding that out in the middle of a message makes the send ambiguous.
const idleSessionMs = 5_000;
const maxIdleSessions = 8;

interface IdleSession {
  session: SmtpSession;
  sinceMs: number;
}

/** Mail by SMTP over a few kept sessions; each send has its own, so callers bound the number. */
export function smtpMail(options: SmtpMailOptions): Mailer {
  const { clock } = options;
  const server = smtpServer(options);
  const sender = senderOf(options.from);
  const idle: IdleSession[] = [];

  async function openSession(signal: AbortSignal): Promise<SmtpSession> {
    for (let kept = idle.pop(); kept !== undefined; kept = idle.pop()) {
      const fresh = clock.monotonicMs() - kept.sinceMs < idleSessionMs;
      if (fresh && kept.session.usable) return kept.session;
      kept.session.close();
    }
    const session = new SmtpSession(server);
    try {
      await session.open(signal);
      return session;
    } catch (error) {
      session.close();
      throw mailFailure(error, true);
    }
  }

  function keep(session: SmtpSession): void {
    if (!session.usable || idle.length >= maxIdleSessions) return session.close();
    idle.push({ session, sinceMs: clock.monotonicMs() });
  }

  async function deliver(mail: Mail, signal: AbortSignal): Promise<void> {
    const source = await compose(mail, options.from);
    const session = await openSession(signal);
    try {
      await session.send({ from: sender, to: mail.to, source }, signal);
    } catch (error) {
      session.close();
      throw mailFailure(error, false);
    }
    keep(session);
  }

  return {
    configured: true,
    domain: sender.slice(sender.lastIndexOf('@') + 1),
    send: async (mail, signal) => {
      if (!isMailAddress(mail.to)) throw new MailFailure('refused', 'address-not-valid');
      const sent = new AbortController();
      const limit = new AbortController();
      void clock.sleep(options.callTimeoutMs, sent.signal).then(() => limit.abort());
      try {
        await deliver(mail, AbortSignal.any([signal, limit.signal]));
      } finally {
        sent.abort();
      }
    },
    close: () => {
      for (const { session } of idle.splice(0)) session.close();
      return Promise.resolve();
    },
  };
}

/** Nothing breaks out of a header: the composer encodes, and control characters are dropped. */
async function compose(mail: Mail, from: string): Promise<Buffer> {
  const composer = new MailComposer({
    from,
    to: { name: '', address: mail.to },
    subject: mail.subject.replace(/\p{C}+/gu, ' '),
    messageId: mail.messageId,
    text: mail.text,
    ...(mail.html !== undefined && { html: mail.html }),
    disableFileAccess: true,
    disableUrlAccess: true,
    // Tells autoresponders to stay silent (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated' },
  });
  return composer.compile().build();
}

/** Throws where SMTP_URL is none, without repeating it: it may hold a password. */
function smtpServer({ url, callTimeoutMs }: SmtpMailOptions): SmtpServer {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^smtps?:$/.test(parsed.protocol) || parsed.hostname === '') {
    throw new Error('SMTP_URL is not smtp://host:port or smtps://host:port');
  }
  const secure = parsed.protocol === 'smtps:';
  const user = decodeURIComponent(parsed.username);
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? (secure ? 465 : 587) : Number(parsed.port),
    secure,
    ...(user !== '' && { auth: { user, pass: decodeURIComponent(parsed.password) } }),
    callTimeoutMs,
  };
}

function senderOf(from: string): string {
  const address = /<([^<>]+)>\s*$/.exec(from)?.[1] ?? from.trim();
  if (!isMailAddress(address)) throw new Error('MAIL_FROM is not an address');
  return address;
}
