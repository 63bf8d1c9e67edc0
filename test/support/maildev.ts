import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MailDev } from 'maildev';

export interface Mail {
  to: string[];
  subject: string;
  text: string;
  messageId: string;
}

export interface MailServer {
  /** For SMTP_URL. */
  url: string;
  mails(): Promise<Mail[]>;
  stop(): Promise<void>;
}

/** A real SMTP server that keeps what it is sent, on a free port, without a web page. */
export async function startMailServer(): Promise<MailServer> {
  const mailDirectory = await mkdtemp(join(tmpdir(), 'slotwright-mail-'));
  const server = new MailDev({
    smtp: 0,
    ip: '127.0.0.1',
    disableWeb: true,
    silent: true,
    mailDirectory,
  });
  const { smtp, storage } = await server.start();
  return {
    url: `smtp://127.0.0.1:${smtp.getAddress().port}`,
    mails: async () =>
      (await storage.getAll()).map((mail) => ({
        to: mail.to.map(({ address }) => address),
        subject: mail.subject,
        text: mail.text ?? '',
        messageId: String(mail.headers['message-id'] ?? ''),
      })),
    stop: async () => {
      await server.stop();
      await rm(mailDirectory, { recursive: true, force: true });
    },
  };
}
