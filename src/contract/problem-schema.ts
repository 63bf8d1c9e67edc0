import { Type } from 'typebox';
import { appointmentStates } from '../domain/appointment-state.ts';
import { answerFields } from './answer-fields.ts';
import { closed, oneOf } from './fields.ts';
import { problemCodes, type ProblemCode, type ProblemDocument } from './problem.ts';

const Violation = Type.Object(
  {
    pointer: Type.Optional(Type.String({ description: 'RFC 6901, into the body.' })),
    parameter: Type.Optional(Type.String({ description: 'The name of a query parameter.' })),
    code: Type.String(),
    message: Type.String(),
  },
  closed,
);

const Conflict = Type.Object(
  {
    resource_id: Type.String(),
    start_time: answerFields.instant(),
    end_time: answerFields.instant(),
  },
  closed,
);

const members = {
  errors: Type.Optional(Type.Array(Violation)),
  conflicts: Type.Optional(Type.Array(Conflict)),
  alternatives: Type.Optional(Type.Array(Conflict, { maxItems: 3 })),
  reason: Type.Optional(Type.String()),
  proof: Type.Optional(oneOf(['rule', 'clique', 'solver', 'budget'])),
  state: Type.Optional(oneOf(appointmentStates)),
  allowed: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'What the state allows: update, cancel, start, complete, fail. An update of the slot or ' +
        'the location is allowed in SCHEDULED and CONFIRMED alone, of the metadata in all of these.',
    }),
  ),
  appointment_id: Type.Optional(answerFields.uuid()),
};

const fixed = {
  type: Type.String({ pattern: '^/problems/', description: 'A page about the code.' }),
  title: Type.String(),
  status: Type.Integer({ minimum: 400, maximum: 599 }),
  detail: Type.String(),
  instance: Type.Optional(
    Type.String({ description: 'The request id. Absent where a command keeps its refusal.' }),
  ),
};

const codes = Object.keys(problemCodes) as ProblemCode[];

/** Problem details (RFC 9457), answered as application/problem+json. */
export const ProblemSchema = Type.Unsafe<ProblemDocument>(
  Type.Object({ ...fixed, code: oneOf(codes), ...members }, { ...closed, title: 'Problem' }),
);
