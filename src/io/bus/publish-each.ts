import type { BusEvent, FailedEvent, PublishResult } from './bus.ts';
import { refusalOf } from './refusal-of.ts';

/** Sends one event; answers why it is not confirmed, or undefined once it is. */
export type SendEvent = (event: BusEvent) => Promise<string | undefined>;

/** Sends events side by side, but for those that no broker would take; none waits for another. */
export async function publishEach(
  events: readonly BusEvent[],
  send: SendEvent,
): Promise<PublishResult> {
  const refused: FailedEvent[] = [];
  const unconfirmed: FailedEvent[] = [];
  await Promise.all(
    events.map(async (event) => {
      const refusal = refusalOf(event);
      if (refusal !== undefined) return void refused.push({ event, reason: refusal });
      const reason = await send(event);
      if (reason !== undefined) unconfirmed.push({ event, reason });
    }),
  );
  return { refused, unconfirmed };
}
