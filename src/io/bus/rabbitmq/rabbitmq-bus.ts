import type { Clock } from '../../clock.ts';
import type { Bus, BusEvent, PublishResult } from '../bus.ts';
import { eventId } from '../event-id.ts';
import { publishEach, type SendEvent } from '../publish-each.ts';
import { messageOptions } from './message.ts';
import { rabbitMqLink, type OpenChannel } from './rabbitmq-link.ts';
import { declareTopology, type Topology } from './topology.ts';

export interface RabbitMqOptions {
  url: string;
  topology: Topology;
  clock: Clock;
  connectTimeoutMs: number;
  publishTimeoutMs: number;
}

/**
 * Publishes with confirms and `mandatory`: an event is confirmed when the broker has it on disk in
 * every queue that it belongs to. What the broker returns, refuses or does not confirm in time is
 * unconfirmed, and so is everything on a connection that breaks.
 */
export function rabbitMqBus(options: RabbitMqOptions): Bus {
  const { topology, clock, publishTimeoutMs } = options;
  const returned = new Map<string, string>();
  const link = rabbitMqLink({
    ...options,
    name: 'slotwright relay',
    prepare: async ({ channel }) => {
      // The return of a message comes before its confirm.
      channel.on('return', ({ fields, properties }) => {
        const { replyText } = fields as { replyText?: string };
        returned.set(String(properties.messageId), `returned: ${replyText ?? ''}`);
      });
      await declareTopology(channel, topology);
    },
  });

  async function publish(
    opened: OpenChannel,
    events: readonly BusEvent[],
    onSent?: () => Promise<void>,
  ): Promise<PublishResult> {
    const over = new AbortController();
    void clock.sleep(publishTimeoutMs, over.signal).then(() => {
      if (!over.signal.aborted) opened.drop(`no confirm within ${publishTimeoutMs} ms`);
    });
    returned.clear();
    try {
      const published = publishEach(events, sender(opened));
      await onSent?.();
      return await published;
    } catch (error) {
      opened.drop('given up');
      throw error;
    } finally {
      over.abort();
    }
  }

  /** Publishes on the channel at the pace that it takes. */
  function sender(opened: OpenChannel): SendEvent {
    const { channel, lost } = opened;
    let full: Promise<void> | undefined;
    return async (event) => {
      while (full !== undefined) await full;
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      const content = Buffer.from(event.bytes);
      try {
        const hasRoom = channel.publish(
          ...[topology.exchange, event.type, content, messageOptions(event)],
          (error: Error | null) => resolve(error?.message),
        );
        if (!hasRoom) full = roomIn(opened).finally(() => (full = undefined));
      } catch (error) {
        resolve((error as Error).message);
      }
      const failure = await promise;
      return failure === undefined ? returned.get(eventId(event)) : (lost() ?? failure);
    };
  }

  return {
    name: 'rabbitmq',
    takesRuns: false,
    readsBytes: true,
    batchSize: 2_048,
    publish: async (events, onSent) => publish(await link.open(), events, onSent),
    close: () => link.close(),
  };
}

/** Waits until the channel takes more, or is no longer there. */
async function roomIn({ channel, lost }: OpenChannel): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  channel.on('drain', resolve).on('close', resolve);
  if (lost() === undefined) await promise;
  channel.off('drain', resolve).off('close', resolve);
}
