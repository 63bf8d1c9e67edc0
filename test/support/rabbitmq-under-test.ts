import { connect, type Channel } from 'amqplib';
import { randomBytes } from 'node:crypto';
import { openBus } from '../../src/io/bus/open-bus.ts';
import { topologyOf, type Topology } from '../../src/io/bus/rabbitmq/topology.ts';
import { systemClock } from '../../src/io/clock.ts';
import { startFaultProxy } from './fault-proxy.ts';
import type { BusUnderTest, OpenedBus, ReceivedEvent } from './opened-bus.ts';
import type { Peer } from './peer.ts';

export interface OpenedRabbitMq extends OpenedBus {
  topology: Topology;
  /** A way to the broker beside the proxy. */
  channel: Channel;
  subscribe: NonNullable<OpenedBus['subscribe']>;
  stall(): void;
  heal(): void;
}

/** Names of its own on the real broker, which is reached through a proxy that can be cut. */
export async function openRabbitMq(address: string): Promise<OpenedRabbitMq> {
  const proxy = await startFaultProxy(address);
  const prefix = `test.${randomBytes(6).toString('hex')}`;
  const topology = topologyOf(prefix);
  const timeouts = { connectTimeoutMs: 1_000, publishTimeoutMs: 1_500 };
  const broker = openBus({ url: proxy.url, clock: systemClock, prefix, ...timeouts });
  const connection = await connect(address);
  const channel = await connection.createChannel();
  const received = auditReader(channel, topology);
  return {
    ...{ bus: broker.bus, subscribe: broker.subscribe, topology, channel, received },
    cut: () => Promise.resolve(proxy.cutAll()),
    stall: () => proxy.use({ kind: 'half-open' }),
    heal: () => proxy.heal(),
    close: async () => {
      await broker.bus.close();
      await proxy.close();
      // A test that failed may have closed the other one.
      const last = await connection.createChannel();
      for (const name of ['notification', 'test']) {
        await last.deleteQueue(topology.queueOf(name));
        await last.deleteQueue(topology.deadQueueOf(name));
      }
      await last.deleteQueue(topology.audit);
      for (const name of [topology.exchange, topology.deadExchange])
        await last.deleteExchange(name);
      await connection.close();
    },
  };
}

/** Reads the audit stream from its first event, from the first call on. */
function auditReader(channel: Channel, { audit }: Topology): () => Promise<ReceivedEvent[]> {
  const events: ReceivedEvent[] = [];
  let reading = false;
  return async () => {
    if (reading) return events;
    reading = true;
    await channel.prefetch(200);
    await channel.consume(
      audit,
      (message) => {
        if (message === null) return;
        const id = String(message.properties.messageId);
        events.push({ id, bytes: message.content.toString() });
        channel.ack(message);
      },
      { arguments: { 'x-stream-offset': 'first' } },
    );
    return events;
  };
}

export function rabbitMqUnderTest({ url, skip }: Peer): BusUnderTest {
  return { name: 'RabbitMQ', skip, canBreak: true, open: () => openRabbitMq(url) };
}
