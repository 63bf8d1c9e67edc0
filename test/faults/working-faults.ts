import type { Fault } from './fault.ts';

const confirm = 'src/store/write/confirm.ts';
const tasks = 'src/store/write/tasks.ts';
const consumer = 'src/store/write/consumer.ts';
const send = 'src/worker/notifications/send-notification.ts';
const queue = 'test/integration/task-queue.test.ts';
const once = 'test/integration/consumer-once.test.ts';

/** Tasks, sagas, and what follows from events. */
export const workingFaults: readonly Fault[] = [
  {
    name: 'a task is finished by whoever has had it',
    file: tasks,
    find: `DELETE FROM tasks t
  USING epoch, jsonb_to_recordset($2::jsonb) AS r (tenant_id text, task_id int8, attempts int)
  WHERE t.tenant_id = r.tenant_id AND t.task_id = r.task_id AND t.attempts = r.attempts
    AND coalesce(t.lease_owner = $3, false)`,
    replace: `DELETE FROM tasks t
  USING epoch, jsonb_to_recordset($2::jsonb) AS r (tenant_id text, task_id int8, attempts int)
  WHERE t.tenant_id = r.tenant_id AND t.task_id = r.task_id AND $3::uuid IS NOT NULL`,
    tests: [queue],
    titles: ['a paused owner can neither finish, retry nor confirm what another took over'],
  },
  {
    name: 'a saga is ended by whoever has had it',
    file: confirm,
    find: `AND t.attempts = i.attempts
      AND coalesce(t.lease_owner = $2, false)`,
    replace: 'AND $2::uuid IS NOT NULL',
    tests: [queue],
    titles: ['a paused owner can neither finish, retry nor confirm what another took over'],
  },
  {
    name: 'a saga is ended by its owner in a former attempt',
    file: confirm,
    find: 'AND t.attempts = i.attempts\n',
    replace: '\n',
    tests: [queue],
    titles: ['a paused owner can neither finish, retry nor confirm what another took over'],
  },
  {
    name: 'an appointment is confirmed whatever version and state it has come to',
    file: confirm,
    find: `      AND a.version = f.appointment_version AND a.state = 'SCHEDULED'\n`,
    replace: '',
    tests: [queue],
    titles: ['an appointment that has moved on is left alone and its saga is superseded'],
  },
  {
    name: 'a confirmation leaves no history',
    file: confirm,
    find: `    FROM changed c LEFT JOIN slot_holds h
      ON h.tenant_id = c.tenant_id AND h.appointment_id = c.appointment_id),`,
    replace: `    FROM changed c LEFT JOIN slot_holds h
      ON h.tenant_id = c.tenant_id AND h.appointment_id = c.appointment_id WHERE false),`,
    tests: ['test/integration/one-transaction.test.ts'],
    titles: ['a confirmation is one transaction with the end of its saga'],
  },
  {
    name: 'a confirmation that does not happen is announced all the same',
    file: confirm,
    find: `appointment_id, version, event_type, event, 'worker', request_id,
      command_id, traceparent FROM changed),`,
    replace: `appointment_id, appointment_version + 1, event_type, event, 'worker',
      request_id, command_id, traceparent FROM finished),`,
    tests: [queue],
    titles: ['an appointment that has moved on is left alone and its saga is superseded'],
  },
  {
    name: 'an appointment is confirmed although writes are closed',
    file: confirm,
    find: 'SELECT assert_write_epoch($1) AS writable',
    replace: 'SELECT $1::bigint IS NOT NULL AS writable',
    tests: ['test/integration/write-epoch.test.ts'],
    titles: ['that is on its way when writes are closed does not come in'],
  },
  {
    name: 'tasks of one appointment run side by side',
    file: tasks,
    find: 'AND earlier.ordering_key = r.ordering_key AND earlier.task_id < r.task_id',
    replace: 'AND earlier.ordering_key = r.ordering_key AND earlier.task_id < 0',
    tests: [queue],
    titles: ['tasks of one key run one at a time and in order, retries included'],
  },
  {
    name: 'tasks of a worker that was killed wait for its lease',
    file: tasks,
    find: '\n      OR (t.lease_session IN (SELECT lease_session FROM gone)) IS TRUE)',
    replace: ')',
    tests: [queue],
    titles: ['a killed owner’s tasks are freed when its session ends, long before its lease'],
  },
  {
    name: 'the lease of a task that takes long is not renewed',
    file: 'src/worker/running-tasks.ts',
    find: '      await renew();\n',
    replace: '      if (held.size < 0) await renew();\n',
    tests: [queue],
    titles: ['a running task keeps its lease for as long as it takes'],
  },
  {
    name: 'a task is tried for ever',
    file: 'src/domain/retry-plan.ts',
    find: 'if (failed.attempts >= policy.maxAttempts)',
    replace: 'if (failed.attempts < 0)',
    tests: [queue],
    titles: ['a task that keeps failing becomes a dead letter with its reason'],
  },
  {
    name: 'an event has its effect again when it comes a second time',
    file: consumer,
    find: `AND ((i.tenant_id, i.appointment_id, i.version) IN (
      SELECT tenant_id, appointment_id, version FROM taken)) IS TRUE`,
    replace: '',
    tests: [once],
    titles: ['an event that was taken has no effect when it comes again'],
  },
  {
    name: 'a consumer moves its cursor in another transaction than the effect',
    file: 'src/worker/event-consumer.ts',
    find: '    const moved = await takeAsConsumer(hotDatabase, taker, { moves, events });\n',
    replace: `    const moved = await takeAsConsumer(hotDatabase, taker, { moves, events: [] });
    await takeAsConsumer(hotDatabase, taker, {
      moves: [],
      events: events.map((event) => ({ ...event, shard: null })),
    });
`,
    tests: [once],
    titles: ['an event whose effect the database refuses is met again'],
  },
  {
    name: 'a version behind a gap is let through',
    file: 'src/worker/plan-taking.ts',
    find: '      !blocked.has(appointment) &&\n',
    replace: '      event.version > 0 ||\n',
    tests: ['src/worker/plan-taking.test.ts'],
    titles: ['an event waits for each of its predecessors, unless they are taken with it'],
  },
  {
    name: 'a mail is sent before it is recorded',
    file: send,
    find: `  const mark = await markNotificationSending(database, inHand, messageId);
  if (mark === undefined) return undefined;
`,
    replace: '  const mark = { message_id: messageId, ambiguous_sends: 0 };\n',
    also: [
      {
        file: send,
        find: '  await crashPoints.afterSend(dependencies);\n',
        replace: `  await crashPoints.afterSend(dependencies);
  await markNotificationSending(database, inHand, messageId);
`,
      },
    ],
    tests: ['test/integration/notification.test.ts'],
    titles: ['a failure after the send repeats it under the same Message-ID, as ambiguous'],
  },
  {
    name: 'a send of which nobody knows is not counted',
    file: 'src/store/write/notifications.ts',
    find: "n.ambiguous_sends + (n.state = 'sending')::int",
    replace: 'n.ambiguous_sends',
    tests: ['test/integration/notification.test.ts'],
    titles: ['a failure after the send repeats it under the same Message-ID, as ambiguous'],
  },
  {
    name: 'a mail is sent by a worker that has lost its task',
    file: 'src/store/write/notifications.ts',
    find: `    WHERE t.tenant_id = $3 AND t.task_id = $4 AND t.attempts = $5
      AND coalesce(t.lease_owner = $2, false)
    FOR UPDATE OF t)`,
    replace: `    WHERE t.tenant_id = $3 AND t.task_id = $4 AND $5::int IS NOT NULL
      AND $2::uuid IS NOT NULL
    FOR UPDATE OF t)`,
    tests: ['test/integration/store-guards.test.ts'],
    titles: ['a notification is marked by the owner and attempt of its task alone'],
  },
];
