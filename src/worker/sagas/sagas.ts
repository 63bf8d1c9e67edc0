import { cancelSaga } from './cancel-saga.ts';
import { createSaga } from './create-saga.ts';
import { reassignSaga } from './reassign-saga.ts';
import { rescheduleSaga } from './reschedule-saga.ts';
import type { Saga } from './saga.ts';

export const sagas: ReadonlyMap<string, Saga> = new Map(
  [createSaga, rescheduleSaga, reassignSaga, cancelSaga].map((saga) => [saga.kind, saga]),
);
