import { Type, type Static } from 'typebox';
import { answerFields } from './answer-fields.ts';
import { closed, nullable, oneOf } from './fields.ts';
import { ProblemSchema } from './problem-schema.ts';

/** `GET /v1/commands/{id}`: a command about an appointment, and what became of it. */
export const CommandView = Type.Object(
  {
    id: answerFields.uuid(),
    operation: oneOf(['create', 'update', 'cancel', 'start', 'complete', 'fail']),
    appointment_id: answerFields.uuid(),
    state: oneOf(['pending', 'applied', 'refused']),
    /** Set where it was refused. */
    problem: Type.Union([ProblemSchema, Type.Null()]),
    created_at: answerFields.instant(),
    decided_at: nullable<string>(answerFields.instant()),
  },
  { ...closed, title: 'Command' },
);

export type CommandView = Static<typeof CommandView>;
