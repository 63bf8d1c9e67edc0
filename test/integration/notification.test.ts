import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { MailDev } from 'maildev';
import { systemClock } from '../../src/io/clock.ts';
import { MailFailure, type Mailer } from '../../src/io/mail/mail.ts';
import { smtpMail } from '../../src/io/mail/smtp-mail.ts';
import { systemRandom } from '../../src/io/random.ts';
import { createRelay } from '../../src/relay/index.ts';
import { createWorker } from '../../src/worker/index.ts';
import { asyncParts, schedule } from '../support/async-parts.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { unguardHistory } from '../support/unguard-history.ts';

interface Email {
  subject: string;
  text: string;
  html: string;
  messageId?: string;
  headers: Record<string, string>;
  from: { address: string }[];
  to: { address: string; name?: string }[];
}

let db: TestDatabase;
let maildev: MailDev;
let mailDirectory: string;
let smtpPort: number;
let webPort: number;

before(async () => {
  db = await freshDatabase();
  await unguardHistory(db);
  await db.query(`INSERT INTO locations (tenant_id, location_id, name, time_zone, region)
    VALUES ('default', 'main', 'Main <street>', 'Asia/Tokyo', 'default')`);
  mailDirectory = await mkdtemp(join(tmpdir(), 'slotwright-mail-'));
  [smtpPort, webPort] = [await freePort(), await freePort()];
  maildev = new MailDev({
    ...{ smtp: smtpPort, ip: '127.0.0.1', web: webPort, webIp: '127.0.0.1' },
    ...{ silent: true, mailDirectory, incomingUser: 'mailer', incomingPass: 's3cret' },
  });
  await maildev.start();
});
after(async () => {
  await maildev.stop();
  await rm(mailDirectory, { recursive: true });
  await db.drop();
});
beforeEach(async () => {
  await fetch(`http://127.0.0.1:${webPort}/api/email/all`, { method: 'DELETE' });
  await db.query(`TRUNCATE tasks, dead_letters, sagas, saga_steps, appointments, inbox,
    appointment_history, outbox, event_log, notifications, consumer_cursors, customers`);
  await db.query('UPDATE outbox_shards SET last_position = 0');
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function mailerTo(port: number, callTimeoutMs = 1_500): Mailer {
  const url = `smtp://mailer:s3cret@127.0.0.1:${port}`;
  return smtpMail({
    url,
    from: 'Slotwright <bookings@example.org>',
    callTimeoutMs,
    clock: systemClock,
  });
}

async function emails(): Promise<Email[]> {
  const response = await fetch(`http://127.0.0.1:${webPort}/api/email`);
  return (await response.json()) as Email[];
}

async function addCustomer(fields: Record<string, string | null> = {}): Promise<string> {
  const id = systemRandom.uuidV7();
  const row = { name: 'Ada', email: 'ada@example.org', time_zone: 'Europe/Zurich', ...fields };
  await db.query(
    `INSERT INTO customers (tenant_id, customer_id, name, email, time_zone, erased_at)
    VALUES ('default', $1, $2, $3, $4, $5)`,
    [id, row.name, row.email, row.time_zone, fields['erased_at'] ?? null],
  );
  return id;
}

interface Running {
  failpoints?: string;
  mailer?: Mailer;
}

/** Runs a relay and a worker until `condition` holds. */
async function running(
  { failpoints = '', mailer = mailerTo(smtpPort) }: Running,
  condition: () => Promise<boolean>,
): Promise<void> {
  const parts = await asyncParts(db.url, failpoints);
  const worker = createWorker({ ...parts.worker, mailer, onCommitted: () => relay.wake() });
  const relay = createRelay({ ...parts.relay, onAppended: () => worker.wakeConsumers() });
  await relay.start();
  await worker.start();
  try {
    await eventually(condition);
  } finally {
    await worker.stop();
    await relay.stop();
    await parts.close();
  }
}

function reached(state: string, count = 1): () => Promise<boolean> {
  return async () => {
    const rows = await db.query('SELECT FROM notifications WHERE state = $1', [state]);
    return rows.length === count && (await db.query('SELECT FROM tasks')).length === 0;
  };
}

test('a confirmed appointment is told to its customer, without naming the provider', async () => {
  const start = Date.UTC(2030, 6, 1, 12) / 1_000;
  const customerId = await addCustomer({ name: 'Ada <b>"\r\nBcc: eve@example.org' });
  const id = await schedule(db, { customerId, location: 'main', start });
  await running({}, reached('sent'));
  const [mail, ...more] = await emails();
  assert.ok(mail);
  assert.equal(more.length, 0);
  assert.deepEqual(
    mail.to.map(({ address }) => address),
    ['ada@example.org'],
  );
  assert.equal(mail.from[0]?.address, 'bookings@example.org');
  assert.equal(mail.subject, 'Confirmed: Consultation');
  assert.match(mail.text, /Monday, 1 July 2030, 14:00 to 14:30 \(Europe\/Zurich, UTC\+02:00\)/);
  assert.match(mail.text, /Main <street>/);
  assert.ok(mail.text.includes(id));
  assert.ok(!`${mail.text}${mail.html}`.includes('dr-who'));
  assert.ok(mail.html.includes('Main &lt;street&gt;') && !mail.html.includes('<b>'));
  assert.ok(!('bcc' in mail.headers));

  const [row] = await db.query('SELECT * FROM notifications');
  assert.match(String(row?.['recipient']), /^[\w-]{43}$/);
  assert.ok(!JSON.stringify(row).includes(customerId));
  assert.equal(row?.['attempts'], 1);
  assert.equal(row['ambiguous_sends'], 0);
});

test('a failure after the send repeats it under the same Message-ID, as ambiguous', async () => {
  await schedule(db, { customerId: await addCustomer() });
  await running({ failpoints: 'notify.after-send-before-mark=error' }, reached('sent'));
  const sent = await emails();
  assert.equal(sent.length, 2);
  const ids = sent.map((mail) => mail.messageId ?? mail.headers['message-id']);
  assert.ok(ids[0]);
  assert.equal(ids[0], ids[1]);
  const [row] = await db.query('SELECT attempts, ambiguous_sends FROM notifications');
  assert.deepEqual(row, { attempts: 2, ambiguous_sends: 1 });
});

test('a failure before the send loses no mail', async () => {
  await schedule(db, { customerId: await addCustomer() });
  await running({ failpoints: 'notify.before-send=error' }, reached('sent'));
  assert.equal((await emails()).length, 1);
});

test('whoever cannot be told is skipped, each with its reason', async () => {
  const customers = [
    systemRandom.uuidV7(),
    await addCustomer({ email: null }),
    await addCustomer({ email: 'a@b.c, eve@example.org' }),
    await addCustomer({ erased_at: '2026-01-01T00:00:00Z' }),
  ];
  for (const customerId of customers) await schedule(db, { customerId });
  await running({}, reached('skipped', 4));
  const reasons = await db.query('SELECT reason FROM notifications ORDER BY reason');
  assert.deepEqual(
    reasons.map((row) => row['reason']),
    ['address-not-valid', 'customer-erased', 'customer-unknown', 'no-address'],
  );
  assert.deepEqual(await emails(), []);
});

test('without a mail server a confirmation is recorded as skipped', async () => {
  await schedule(db, { customerId: await addCustomer() });
  const { worker, close } = await asyncParts(db.url);
  await close();
  await running({ mailer: worker.mailer }, reached('skipped'));
  const rows = await db.query('SELECT reason FROM notifications');
  assert.deepEqual(rows, [{ reason: 'smtp-not-configured' }]);
});

test('a log that is read again from its beginning tells nobody twice', async () => {
  for (let i = 0; i < 5; i += 1) await schedule(db, { customerId: await addCustomer() });
  await running({}, reached('sent', 5));
  const lastTask = `SELECT max(last_value) AS id FROM pg_sequences
    WHERE sequencename = 'tasks_task_id_seq'`;
  const before = await db.query(lastTask);
  await db.query('UPDATE consumer_cursors SET position = 0');
  const lag = `SELECT FROM consumer_cursors c JOIN outbox_shards s USING (shard)
    WHERE c.position < s.last_position`;
  await running({}, async () => (await db.query(lag)).length === 0);
  assert.equal((await emails()).length, 5);
  assert.equal((await db.query('SELECT FROM inbox')).length, 5);
  assert.deepEqual(await db.query(lastTask), before, 'no task was made either');
});

test('two workers that follow the same log tell everyone once', async () => {
  for (let i = 0; i < 30; i += 1) await schedule(db, { customerId: await addCustomer() });
  const other = await asyncParts(db.url);
  const second = createWorker({ ...other.worker, mailer: mailerTo(smtpPort) });
  await second.start();
  await running({}, reached('sent', 30));
  await second.stop();
  await other.close();
  assert.equal((await emails()).length, 30);
});

test('a mail server that is down delays the mail, and the delay is no ambiguous send', async () => {
  await schedule(db, { customerId: await addCustomer() });
  const down = mailerTo(await freePort());
  const tried = `SELECT FROM notifications WHERE attempts >= 1 AND reason LIKE 'smtp-%'`;
  await running({ mailer: down }, async () => (await db.query(tried)).length === 1);
  await running({}, reached('sent'));
  const [row] = await db.query('SELECT ambiguous_sends FROM notifications');
  assert.deepEqual(row, { ambiguous_sends: 0 });
  assert.equal((await emails()).length, 1);
});

/** A server that talks as `talk` says, and reports whether all its connections have ended. */
async function hostileServer(
  talk: (socket: Socket) => void,
): Promise<{ port: number; open: Set<Socket>; server: Server }> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    talk(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, open, server };
}

const hostile: Record<string, { talk: (socket: Socket) => void; kind: string }> = {
  'drips its greeting': {
    kind: 'not-sent',
    talk: (socket) => {
      const drip = setInterval(() => socket.write('2'), 20);
      socket.on('close', () => clearInterval(drip));
    },
  },
  'floods without a line end': {
    kind: 'not-sent',
    talk: (socket) => {
      const flood = setInterval(() => socket.write('2'.repeat(65_536)), 1);
      socket.on('close', () => clearInterval(flood));
    },
  },
  'falls silent after the message': {
    kind: 'ambiguous',
    talk: (socket) => {
      socket.write('220 here\r\n');
      let inMessage = false;
      socket.on('data', (data) => {
        const text = data.toString();
        if (inMessage) return;
        if (/^EHLO/i.test(text)) socket.write('250-here\r\n250 AUTH PLAIN\r\n');
        else if (/^AUTH/i.test(text)) socket.write('235 ok\r\n');
        else if (/^DATA/im.test(text)) {
          inMessage = true;
          socket.write('354 go\r\n');
        } else socket.write('250 ok\r\n');
      });
    },
  },
  'refuses the recipient': {
    kind: 'refused',
    talk: (socket) => {
      socket.write('220 here\r\n');
      socket.on('data', (data) => {
        const text = data.toString();
        if (/^EHLO/i.test(text)) socket.write('250-here\r\n250 AUTH PLAIN\r\n');
        else if (/^AUTH/i.test(text)) socket.write('235 ok\r\n');
        else if (/^RCPT/i.test(text)) socket.write('550 nobody mailer:s3cret here\r\n');
        else socket.write('250 ok\r\n');
      });
    },
  },
};

for (const [what, { talk, kind }] of Object.entries(hostile)) {
  test(`a mail server that ${what} ends a call as ${kind}, and its connection`, async () => {
    const { port, open, server } = await hostileServer(talk);
    const mailer = mailerTo(port, 300);
    const mail = { messageId: '<a@b>', to: 'ada@example.org', subject: 's', text: 't' };
    const failure = await mailer.send(mail, new AbortController().signal).then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(failure instanceof MailFailure);
    assert.equal(failure.kind, kind);
    assert.ok(!failure.message.includes('s3cret'));
    await mailer.close();
    await eventually(() => open.size === 0);
    server.close();
  });
}
