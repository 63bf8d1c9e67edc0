import { createRequire } from 'node:module';

export interface KafkaMessage {
  topic: string;
  partition: number;
  offset: number;
  value: Buffer | null;
  headers?: Record<string, Buffer | string>[];
}

export interface KafkaError {
  message: string;
  code?: number;
}

type Done<T = unknown> = (error: KafkaError | null | undefined, value: T) => void;

interface KafkaClient {
  connect(options: { timeout: number }, done: Done<KafkaMetadata>): void;
  disconnect(done?: Done): void;
  getMetadata(options: { timeout: number }, done: Done<KafkaMetadata>): void;
  on(event: 'event.error', listener: (error: KafkaError) => void): void;
}

export interface KafkaMetadata {
  brokers: { host: string; port: number }[];
}

export interface KafkaProducer extends KafkaClient {
  // The driver's own order of what it takes.
  produce(...message: [topic: string, null, Buffer, key: string, null, unknown, object[]]): void;
  setPollInterval(ms: number): void;
  on(event: 'event.error', listener: (error: KafkaError) => void): void;
  on(
    event: 'delivery-report',
    listener: (error: KafkaError | null, report: { opaque: unknown }) => void,
  ): void;
}

export interface KafkaConsumer extends KafkaClient {
  subscribe(topics: string[]): void;
  setDefaultConsumeTimeout(ms: number): void;
  consume(most: number, done: Done<KafkaMessage[]>): void;
  commit(offsets: { topic: string; partition: number; offset: number }[]): void;
}

/** What we use of node-rdkafka, which is no dependency of ours: it compiles when installed. */
export interface RdKafka {
  Producer: new (properties: object) => KafkaProducer;
  KafkaConsumer: new (properties: object, topicProperties: object) => KafkaConsumer;
}

/** Undefined where the package is not installed, or not for this Node. */
export function loadRdKafka(): RdKafka | undefined {
  try {
    return createRequire(import.meta.url)('node-rdkafka') as RdKafka;
  } catch {
    return undefined;
  }
}

export function reasonOf({ message, code }: KafkaError): string {
  return message === '' ? `librdkafka error ${code}` : message;
}
