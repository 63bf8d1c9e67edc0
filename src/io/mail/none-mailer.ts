import { MailFailure, type Mailer } from './mail.ts';

/** Where no SMTP server is configured. */
export const noneMailer: Mailer = {
  configured: false,
  domain: 'localhost',
  send: () => Promise.reject(new MailFailure('refused', 'no-smtp-server')),
  close: () => Promise.resolve(),
};
