import type { PollingLoop } from '../io/polling-loop.ts';
import type { WorkerDependencies } from './dependencies.ts';
import { calendarLane } from './calendar-lane.ts';
import { freeTasksLoop } from './free-tasks.ts';
import { handedOver, type HandedOver } from './handed-over.ts';
import { maintenanceLoop } from './maintenance.ts';
import { notificationConsumer } from './notification-consumer.ts';
import { sendNotifications } from './notifications/send-notification.ts';
import { reconcilerLoop } from './reconciler/reconciler.ts';
import { createRunningTasks } from './running-tasks.ts';
import { runCalledSaga } from './sagas/run-called-saga.ts';
import { runQuietSagas } from './sagas/run-quiet-sagas.ts';
import { taskGauges } from './task-gauges.ts';
import { giveBack, taskLane } from './task-lane.ts';

export interface Worker {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Undefined when it can do its work, else the reason. */
  ready(): string | undefined;
  /** Says that saga tasks were committed. */
  wake(): void;
  /** Takes sagas that begin under this process's lease. */
  sagaTaker: Pick<HandedOver, 'room' | 'take'>;
  /** Says that the event log has grown. */
  wakeConsumers(): void;
}

/** Takes tasks: runs sagas, turns events into notifications, sends them, and tidies up. */
export function createWorker(dependencies: WorkerDependencies): Worker {
  const { config } = dependencies;
  const running = createRunningTasks(dependencies);
  const handed = handedOver(running, {
    limit: config.handedOverLimit,
    onTaken: () => sagas.wake(),
  });
  const sagas: PollingLoop = taskLane(dependencies, {
    lane: 'saga',
    handedOver: handed,
    batchSize: config.sagaBatchSize,
    running,
    run: (tasks) => runQuietSagas(dependencies, tasks),
  });
  const calendars = calendarLane(dependencies, {
    running,
    run: (task) => runCalledSaga(dependencies, task),
  });
  const notifications = taskLane(dependencies, {
    lane: 'notification',
    batchSize: config.notificationBatchSize,
    running,
    run: (tasks) => sendNotifications(dependencies, tasks),
  });
  const consumer = notificationConsumer(dependencies, () => notifications.wake());
  const reaper = freeTasksLoop(dependencies, () => {
    for (const lane of [sagas, calendars, notifications]) lane.wake();
  });
  const lanes: PollingLoop[] = [consumer, sagas, calendars, notifications];
  const background = [
    reaper,
    maintenanceLoop(dependencies),
    reconcilerLoop(dependencies),
    taskGauges(dependencies),
  ];
  let state: 'new' | 'running' | 'stopped' = 'new';

  return {
    start: () => {
      state = 'running';
      for (const loop of [running, ...lanes, ...background]) loop.start();
      return Promise.resolve();
    },
    stop: async () => {
      state = 'stopped';
      await Promise.all([...lanes, ...background].map((loop) => loop.stop()));
      await running.stop();
      // Whatever could not be finished in time is given back rather than left to its lease.
      await giveBack(dependencies, running.rows()).catch((error: unknown) =>
        dependencies.log.warn({ component: 'worker', err: error }, 'tasks not given back'),
      );
      await dependencies.mailer.close();
    },
    ready: () => {
      if (state !== 'running') return state === 'new' ? 'worker: starting' : 'worker: stopped';
      return sagas.failure() ?? calendars.failure() ?? consumer.failure();
    },
    wake: () => {
      sagas.wake();
      calendars.wake();
    },
    sagaTaker: { ...handed, room: () => (state === 'running' ? handed.room() : 0) },
    wakeConsumers: () => consumer.wake(),
  };
}
