import type { Clock } from '../../clock.ts';
import type { RdKafka } from './rdkafka.ts';

export interface KafkaOptions {
  rdKafka: RdKafka;
  /** BUS_URL */
  url: string;
  clock: Clock;
  /** Comes before the names of the topic and of the consumers' groups. */
  prefix: string;
  connectTimeoutMs: number;
  publishTimeoutMs: number;
}

/** The topic of all events: `<prefix>.events`. The appointment id is the key of its partitions. */
export function topicOf({ prefix }: KafkaOptions): string {
  return `${prefix}.events`;
}

/**
 * Properties of librdkafka from the URL: its host is the first broker to ask, its user and password
 * those of SASL, and its parameters go to librdkafka as they are, `security.protocol` for one.
 */
export function kafkaProperties({ url, connectTimeoutMs }: KafkaOptions): Record<string, unknown> {
  const { host, username, password, searchParams } = new URL(url);
  return {
    'client.id': 'slotwright',
    'bootstrap.servers': host.includes(':') ? host : `${host}:9092`,
    'socket.connection.setup.timeout.ms': connectTimeoutMs,
    ...(username !== '' && {
      'security.protocol': 'sasl_ssl',
      'sasl.mechanisms': 'PLAIN',
      'sasl.username': decodeURIComponent(username),
      'sasl.password': decodeURIComponent(password),
    }),
    ...Object.fromEntries(searchParams),
  };
}
