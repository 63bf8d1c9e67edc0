import { Type, type Static } from 'typebox';
import { appointmentStates } from '../domain/appointment-state.ts';
import { AnsweredSlot, answerFields } from './answer-fields.ts';
import { closed, nullable, oneOf } from './fields.ts';

const instantOrNull = () => nullable<string>(answerFields.instant());
const actor = () =>
  Type.String({
    description: '`key:<id>` or `customer:<id>`; a customer is told `key` or `customer` alone.',
  });
const uuidOrNull = () => nullable<string>(answerFields.uuid());

/** One version: a step of the state machine, or a change that left the state as it was. */
const TransitionItem = Type.Object(
  {
    at: answerFields.instant(),
    kind: Type.Literal('transition'),
    version: Type.Integer({ minimum: 1 }),
    from: nullable<string>(oneOf(appointmentStates)),
    to: oneOf(appointmentStates),
    cause: Type.String(),
    actor: actor(),
    reason: answerFields.text(),
    slot: AnsweredSlot,
    location: answerFields.text(),
    resource_id: answerFields.text(),
    command_id: uuidOrNull(),
  },
  { ...closed, title: 'TimelineTransition' },
);

/** A command, at the moment of its acceptance. */
const CommandItem = Type.Object(
  {
    at: answerFields.instant(),
    kind: Type.Literal('command'),
    command_id: answerFields.uuid(),
    operation: Type.String(),
    state: oneOf(['pending', 'applied', 'refused']),
    code: answerFields.text(),
    decided_at: instantOrNull(),
    actor: actor(),
  },
  { ...closed, title: 'TimelineCommand' },
);

/** A saga begun (without a direction), or one attempt of one of its steps. */
const SagaItem = Type.Object(
  {
    at: answerFields.instant(),
    kind: Type.Literal('saga'),
    saga_id: answerFields.uuid(),
    saga: Type.String(),
    version: Type.Integer({ minimum: 1 }),
    state: Type.String(),
    step: Type.String(),
    direction: nullable<string>(oneOf(['run', 'compensate'])),
    attempt: nullable<number>(Type.Integer()),
    outcome: nullable<string>(oneOf(['succeeded', 'failed', 'refused', 'ambiguous'])),
    error_class: answerFields.text(),
    finished_at: instantOrNull(),
  },
  { ...closed, title: 'TimelineSaga' },
);

/** A message about one version; to whom is not said. */
const NotificationItem = Type.Object(
  {
    at: answerFields.instant(),
    kind: Type.Literal('notification'),
    version: Type.Integer({ minimum: 1 }),
    channel: Type.String(),
    template: Type.String(),
    state: oneOf(['pending', 'sending', 'sent', 'skipped', 'failed']),
    reason: answerFields.text(),
    attempts: Type.Integer(),
    sent_at: instantOrNull(),
  },
  { ...closed, title: 'TimelineNotification' },
);

/** The event of one version; published once it is in the log. */
const EventItem = Type.Object(
  {
    at: answerFields.instant(),
    kind: Type.Literal('event'),
    id: Type.String(),
    type: Type.String(),
    version: Type.Integer({ minimum: 1 }),
    published: Type.Boolean(),
  },
  { ...closed, title: 'TimelineEvent' },
);

const Item = Type.Union([TransitionItem, CommandItem, SagaItem, NotificationItem, EventItem]);

/** All that happened to an appointment in order of time; of very much the latest. */
export const Timeline = Type.Object({ items: Type.Array(Item) }, { ...closed, title: 'Timeline' });

export type Timeline = Static<typeof Timeline>;
export type TimelineItem = Static<typeof Item>;
