import { Components } from './openapi/components.ts';
import { eventNames, eventSchema } from './event-schema.ts';

const description = `
What happens to appointments, as CloudEvents 1.0 in structured JSON. Each version of an appointment
is one event with the id \`<appointment id>:<version>\`: equal id, equal bytes. Delivery is at least
once, and the first deliveries of one appointment's events come in the order of its versions. How
often a delivery was tried travels in the transport's metadata (\`x-attempt\`), not in the event.
`.trim();

const summaries: Record<(typeof eventNames)[number], string> = {
  accepted: 'A create was accepted',
  scheduled: 'The engine holds a slot',
  confirmed: 'The calendar agrees, or there is none',
  rescheduled: 'The slot or the location has changed',
  reassigned: 'It was moved to another resource',
  started: 'The service has begun',
  completed: 'The service has ended',
  cancelled: 'It was cancelled',
  failed: 'It was refused, undone or given up',
  updated: 'Its metadata has changed',
  imported: 'It came from the predecessor; nobody is notified',
};

/** The AsyncAPI 3.0 document of the events; the schemas are those of `event-schema.ts`. */
export function asyncApiDocument(): object {
  const components = new Components();
  const messages = Object.fromEntries(
    eventNames.map((name) => [
      name,
      {
        name: `appointment.${name}.v1`,
        title: `appointment.${name}.v1`,
        summary: summaries[name],
        contentType: 'application/cloudevents+json',
        payload: components.place(eventSchema(name)),
      },
    ]),
  );
  const refs = (from: string): object[] => eventNames.map((name) => ({ $ref: `${from}/${name}` }));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Slotwright events',
      version: '1',
      description,
      license: { name: 'Apache 2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/cloudevents+json',
    channels: {
      events: {
        address: 'slotwright.events',
        description: 'A topic exchange where the bus is RabbitMQ: the routing key is the type.',
        messages: Object.fromEntries(
          eventNames.map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
      },
    },
    operations: {
      publishEvents: {
        action: 'send',
        channel: { $ref: '#/channels/events' },
        summary: 'The service publishes what has happened.',
        messages: refs('#/channels/events/messages'),
      },
    },
    components: { messages, schemas: components.schemas() },
  };
}
