import { Type, type TSchema } from 'typebox';
import { appointmentStates, type AppointmentState } from '../domain/appointment-state.ts';
import type { EventName } from '../domain/appointment-state.ts';
import { ownReasons } from '../domain/appointment.ts';
import { AnsweredSlot, answerFields } from './answer-fields.ts';
import { closed, fields, nullable, oneOf } from './fields.ts';

/** What distinguishes the events of one name. */
interface Kind {
  /** In which the appointment is after it. */
  states: readonly AppointmentState[];
  /** Whether it always, sometimes or never changes what the appointment holds. */
  hold: 'always' | 'maybe' | 'never';
  previous?: boolean;
}

const open: readonly AppointmentState[] = ['INIT', 'SCHEDULED', 'CONFIRMED', 'IN_PROGRESS'];

const kinds: Record<EventName, Kind> = {
  accepted: { states: ['INIT'], hold: 'never' },
  scheduled: { states: ['SCHEDULED'], hold: 'always' },
  confirmed: { states: ['CONFIRMED'], hold: 'never' },
  rescheduled: { states: ['SCHEDULED'], hold: 'always', previous: true },
  reassigned: { states: ['SCHEDULED'], hold: 'always', previous: true },
  started: { states: ['IN_PROGRESS'], hold: 'never' },
  completed: { states: ['COMPLETED'], hold: 'maybe' },
  cancelled: { states: ['CANCELLED'], hold: 'maybe' },
  failed: { states: ['FAILED'], hold: 'maybe' },
  updated: { states: open, hold: 'never' },
  imported: { states: appointmentStates, hold: 'maybe' },
};

export const eventNames = Object.keys(kinds) as EventName[];

/** An event of that name: CloudEvents 1.0, structured JSON. */
export function eventSchema(name: EventName): TSchema {
  const kind = kinds[name];
  const title = `Appointment${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return Type.Object(
    {
      specversion: Type.Literal('1.0'),
      id: Type.String({ description: '<appointment id>:<version>', pattern: eventId }),
      source: Type.String({ description: '/tenants/<tenant>', pattern: '^/tenants/[^/]+$' }),
      type: Type.Literal(`appointment.${name}.v1`),
      subject: answerFields.uuid(),
      time: answerFields.instant(),
      datacontenttype: Type.Literal('application/json'),
      sequence: Type.Integer({ minimum: 1, description: 'The version.' }),
      partitionkey: answerFields.uuid(),
      traceparent: Type.Optional(Type.String({ pattern: traceparent })),
      ...holdMembers(kind),
      data: dataSchema(kind, title),
    },
    {
      ...closed,
      title,
      ...(kind.hold === 'maybe' && {
        dependentRequired: { region: ['position'], position: ['region'] },
      }),
    },
  );
}

const hex = '[0-9a-f]';
const eventId = `^${hex}{8}(-${hex}{4}){3}-${hex}{12}:[1-9][0-9]*$`;
const traceparent = `^00-${hex}{32}-${hex}{16}-${hex}{2}$`;

const region = Type.String({ description: 'Whose owner changed the hold.' });
const position = Type.Integer({ minimum: 0, description: "The region's order of such changes." });

function holdMembers({ hold }: Kind): Record<string, TSchema> {
  if (hold === 'never') return {};
  if (hold === 'always') return { region, position };
  return { region: Type.Optional(region), position: Type.Optional(position) };
}

function dataSchema({ states, previous }: Kind, title: string): TSchema {
  return Type.Object(
    {
      id: answerFields.uuid(),
      version: Type.Integer({ minimum: 1 }),
      state: oneOf(states),
      customer_id: answerFields.uuid(),
      slot: AnsweredSlot,
      service_type: fields.serviceTypeCode(),
      location: nullable<string>(fields.catalogueId()),
      resource_id: nullable<string>(fields.catalogueId()),
      reason: Type.Unsafe<string | null>({ enum: [...ownReasons, null] }),
      created_at: answerFields.instant(),
      updated_at: answerFields.instant(),
      ...(previous === true && { previous: Previous }),
    },
    { ...closed, title: `${title}Data` },
  );
}

const Previous = Type.Object(
  { slot: AnsweredSlot, resource_id: nullable<string>(fields.catalogueId()) },
  closed,
);
