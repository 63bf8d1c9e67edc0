import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock.ts';
import { withinTime } from '../../within-time.ts';
import { BusError } from '../bus.ts';

/** A channel with confirms, on a connection of its own. */
export interface OpenChannel {
  channel: ConfirmChannel;
  /** Why it works no longer, if it does not. */
  lost(): string | undefined;
  /** Breaks the connection: whatever is unconfirmed or unsettled on it stays so. */
  drop(reason: string): void;
}

export interface RabbitMqLink {
  /** The channel, made and prepared where there is none that works. Throws a `BusError`. */
  open(): Promise<OpenChannel>;
  close(): Promise<void>;
}

export interface RabbitMqLinkOptions {
  url: string;
  /** How the connection is called in the broker's lists. */
  name: string;
  clock: Clock;
  connectTimeoutMs: number;
  /** Run on each new channel before anyone is given it. */
  prepare(opened: OpenChannel): Promise<void>;
}

interface Connected extends OpenChannel {
  /** Why the broker takes nothing for now: it is out of memory or disk. */
  blocked(): string | undefined;
  end(): Promise<void>;
}

/**
 * A link that is opened by whoever needs it next, and not in between: its users are loops that
 * come back after a pause, which grows while they fail.
 */
export function rabbitMqLink(options: RabbitMqLinkOptions): RabbitMqLink {
  let current: Connected | undefined;
  return {
    open: async () => {
      const blocked = current?.blocked();
      if (blocked !== undefined) throw new BusError(`the broker takes nothing: ${blocked}`);
      try {
        if (current === undefined || current.lost() !== undefined)
          current = await connected(options);
        return current;
      } catch (error) {
        throw new BusError(reasonOf(error));
      }
    },
    close: async () => {
      await current?.end();
      current = undefined;
    },
  };
}

async function connected(options: RabbitMqLinkOptions): Promise<Connected> {
  const { clock, connectTimeoutMs: limitMs } = options;
  const connection = await connect(withHeartbeat(options.url), {
    timeout: limitMs,
    noDelay: true,
    clientProperties: { connection_name: options.name },
  });
  let lost: string | undefined;
  let blocked: string | undefined;
  const lose = (reason: string): void => void (lost ??= reason);
  const drop = (reason: string): void => {
    lose(reason);
    // There is no other way to leave a connection whose other end may not answer.
    const { stream } = connection.connection as unknown as { stream: Duplex };
    stream.destroy(new Error(reason));
  };
  connection.on('error', (error) => lose(error.message));
  connection.on('close', (error) => lose(error?.message ?? 'closed'));
  connection.on('blocked', (reason) => (blocked = reason));
  connection.on('unblocked', () => (blocked = undefined));

  const preparing = (async (): Promise<OpenChannel> => {
    const channel = await connection.createConfirmChannel();
    channel.on('error', (error) => lose(error.message));
    channel.on('close', () => lose('channel closed'));
    const opened = { channel, lost: () => lost, drop };
    await options.prepare(opened);
    return opened;
  })();
  try {
    const why = 'the broker does not answer';
    const opened = await withinTime(preparing, { clock, limitMs, why });
    const alive = (): string | undefined => (lost === undefined ? blocked : undefined);
    return { ...opened, blocked: alive, end: () => ended(connection, { clock, drop }) };
  } catch (error) {
    drop('not opened');
    throw error;
  }
}

const closeTimeoutMs = 2_000;

async function ended(
  connection: ChannelModel,
  { clock, drop }: { clock: Clock; drop: OpenChannel['drop'] },
): Promise<void> {
  const closing = connection.close();
  const limit = { clock, limitMs: closeTimeoutMs, why: 'not closed in time' };
  await withinTime(closing, limit).catch(() => undefined);
  drop('closed');
}

// Else the broker's own applies, by which a silent one is noticed after two minutes.
function withHeartbeat(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has('heartbeat')) parsed.searchParams.set('heartbeat', '10');
  return parsed.href;
}

/** One line without the address, which may hold a password. */
function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: string };
  const text = message === undefined || message === '' ? String(code) : message;
  return text.split('\n')[0] ?? '';
}
