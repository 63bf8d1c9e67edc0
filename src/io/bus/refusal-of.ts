import type { BusEvent } from './bus.ts';

// Far above any event that the contract allows, and within what brokers take by default.
const maxEventBytes = 1_000_000;

/** Why no broker would ever take the event, or undefined. */
export function refusalOf({ type, bytes }: BusEvent): string | undefined {
  if (Buffer.byteLength(bytes) > maxEventBytes) return `larger than ${maxEventBytes} bytes`;
  return /^[\w.-]{1,200}$/.test(type) ? undefined : 'no routing key can be made of its type';
}
