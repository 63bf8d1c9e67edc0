import { Type } from 'typebox';
import { closed } from './fields.ts';

export const Liveness = Type.Object(
  { status: Type.Literal('ok') },
  { ...closed, title: 'Liveness' },
);

export const Readiness = Type.Object(
  { status: Type.String(), reasons: Type.Optional(Type.Array(Type.String())) },
  { ...closed, title: 'Readiness' },
);
