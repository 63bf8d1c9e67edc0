import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const batchBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** Every metric of the service, by the Prometheus naming conventions; labels are bounded. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return { registry, ...commandMetrics(registers), ...asyncMetrics(registers) };
}

function commandMetrics(registers: Registry[]) {
  return {
    httpRequests: new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time to answer a request, by route, method and status.',
      labelNames: ['route', 'method', 'status'] as const,
      buckets: secondsBuckets,
      registers,
    }),
    commandsAccepted: new Counter({
      name: 'slotwright_commands_accepted_total',
      help: 'Commands made durable, by operation.',
      labelNames: ['operation'] as const,
      registers,
    }),
    commandsDecided: new Counter({
      name: 'slotwright_commands_decided_total',
      help: 'Commands decided, by operation and outcome.',
      labelNames: ['operation', 'outcome'] as const,
      registers,
    }),
    refusals: new Counter({
      name: 'slotwright_refusals_total',
      help: 'Bookings that the engine refused, by reason.',
      labelNames: ['reason'] as const,
      registers,
    }),
    commitBatch: new Histogram({
      name: 'slotwright_commit_batch_size',
      help: 'Rows per group commit, by stage (accept, decide).',
      labelNames: ['stage'] as const,
      buckets: batchBuckets,
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'slotwright_commit_duration_seconds',
      help: 'Duration of a group commit, by stage (accept, decide).',
      labelNames: ['stage'] as const,
      buckets: secondsBuckets,
      registers,
    }),
    regionsOwned: new Gauge({
      name: 'slotwright_regions_owned',
      help: 'Regions whose lease this process holds.',
      registers,
    }),
  };
}

function asyncMetrics(registers: Registry[]) {
  return {
    tasksFinished: new Counter({
      name: 'slotwright_tasks_finished_total',
      help: 'Task attempts finished, by lane and outcome (done, retried, dead).',
      labelNames: ['lane', 'outcome'] as const,
      registers,
    }),
    tasksReady: new Gauge({
      name: 'slotwright_tasks_ready',
      help: 'Tasks that could run now, by lane.',
      labelNames: ['lane'] as const,
      registers,
    }),
    outboxPublished: new Counter({
      name: 'slotwright_outbox_published_total',
      help: 'Events moved from the outbox to the event log.',
      registers,
    }),
    outboxDepth: new Gauge({
      name: 'slotwright_outbox_depth',
      help: 'Events waiting in the outbox.',
      registers,
    }),
    outboxLagSeconds: new Gauge({
      name: 'slotwright_outbox_lag_seconds',
      help: 'Age of the oldest event in the outbox.',
      registers,
    }),
    notifications: new Counter({
      name: 'slotwright_notifications_total',
      help: 'Notifications by channel and outcome (sent, skipped, failed).',
      labelNames: ['channel', 'outcome'] as const,
      registers,
    }),
  };
}
