import { connect, type Channel } from 'amqplib';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { declareTopology, topologyOf } from '../../../src/io/bus/rabbitmq/topology.ts';

/** The real broker, with a place of its own for one installation, and a reader of all events. */
export interface CrashBroker {
  /** For BUS_URL. */
  url: string;
  /** The bytes of every event, in the order in which they came off the exchange. */
  events: string[];
  close(): Promise<void>;
}

const reader = 'crash-suite';

/** Opens it before any process of the service does, so that the reader misses nothing. */
export async function openCrashBroker(address: string): Promise<CrashBroker> {
  const host = ownHost(address);
  const connection = await connect(host.url);
  const channel = await connection.createChannel();
  // Where there is no host of our own, somebody may have left something in the common one.
  if (!host.isOwn) await deleteNames(channel);
  const topology = topologyOf('slotwright');
  await declareTopology(channel, topology);
  await channel.assertQueue(reader, { durable: true });
  await channel.bindQueue(reader, topology.exchange, '#');
  const events: string[] = [];
  await channel.consume(reader, (message) => events.push(String(message?.content)), {
    noAck: true,
  });
  return {
    url: host.url,
    events,
    close: async () => {
      if (!host.isOwn) await deleteNames(channel);
      await connection.close();
      host.drop();
    },
  };
}

interface Host {
  url: string;
  isOwn: boolean;
  drop(): void;
}

/** A virtual host of the run's own where this machine may make one, else that of the address. */
function ownHost(address: string): Host {
  const url = new URL(address);
  const name = `slotwright-crash-${randomBytes(4).toString('hex')}`;
  const user = decodeURIComponent(url.username) || 'guest';
  const isLocal = ['127.0.0.1', 'localhost'].includes(url.hostname);
  const isOwn =
    isLocal && control('add_vhost', name) && control('set_permissions', '-p', name, user);
  if (!isOwn) return { url: address, isOwn, drop: () => undefined };
  url.pathname = `/${name}`;
  return { url: url.href, isOwn, drop: () => void control('delete_vhost', name) };
}

function control(command: string, ...args: string[]): boolean {
  const all = command === 'set_permissions' ? ['.*', '.*', '.*'] : [];
  const { status } = spawnSync('rabbitmqctl', ['-q', command, ...args, ...all], {
    stdio: 'ignore',
  });
  return status === 0;
}

async function deleteNames(channel: Channel): Promise<void> {
  const { exchange, deadExchange, audit, queueOf, deadQueueOf } = topologyOf('slotwright');
  const consumer = 'notification';
  for (const queue of [reader, audit, queueOf(consumer), deadQueueOf(consumer)]) {
    await channel.deleteQueue(queue);
  }
  for (const name of [exchange, deadExchange]) await channel.deleteExchange(name);
}
