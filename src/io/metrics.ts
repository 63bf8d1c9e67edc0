import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const batchBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** Every metric of the service, by the Prometheus naming conventions; labels are bounded. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    ...commandMetrics(registers),
    ...asyncMetrics(registers),
    ...auditMetrics(registers),
    ...orphanMetrics(registers),
    ...sagaMetrics(registers),
    ...callMetrics(registers),
  };
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
    commandsGivenUp: new Counter({
      name: 'slotwright_commands_given_up_total',
      help: 'Commands that could not be committed and are now dead letters, by operation.',
      labelNames: ['operation'] as const,
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
    outboxParked: new Gauge({
      name: 'slotwright_outbox_parked',
      help: 'Appointments whose events wait because the bus refused one of them.',
      registers,
    }),
    busUp: new Gauge({
      name: 'slotwright_bus_up',
      help: '1 while the bus takes events, 0 since it last did not, by bus.',
      labelNames: ['bus'] as const,
      registers,
    }),
    busEvents: new Counter({
      name: 'slotwright_bus_events_total',
      help: 'Events given to the bus, by bus and outcome (confirmed, unconfirmed, refused).',
      labelNames: ['bus', 'outcome'] as const,
      registers,
    }),
    eventsConsumed: new Counter({
      name: 'slotwright_events_consumed_total',
      help: 'Events a consumer dealt with, by consumer and outcome (take, hold, park).',
      labelNames: ['consumer', 'outcome'] as const,
      registers,
    }),
    eventsHeld: new Gauge({
      name: 'slotwright_events_held',
      help: 'Events that a consumer may not take yet, by consumer and whether they are parked.',
      labelNames: ['consumer', 'parked'] as const,
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

function auditMetrics(registers: Registry[]) {
  return {
    auditLinked: new Counter({
      name: 'slotwright_audit_linked_total',
      help: 'Changes of state and admin actions that a chain of hashes covers.',
      registers,
    }),
    auditLagSeconds: new Gauge({
      name: 'slotwright_audit_lag_seconds',
      help: 'Age of the oldest change or admin action that no chain covers yet.',
      registers,
    }),
  };
}

function sagaMetrics(registers: Registry[]) {
  return {
    sagasEnded: new Counter({
      name: 'slotwright_sagas_ended_total',
      help: 'Sagas ended, by kind and outcome (done, superseded, refused, compensated).',
      labelNames: ['kind', 'outcome'] as const,
      registers,
    }),
    sagaAttempts: new Counter({
      name: 'slotwright_saga_attempts_total',
      help:
        'Attempts at steps that call third parties, by step, direction (run, compensate) and ' +
        'outcome (succeeded, failed, refused, ambiguous).',
      labelNames: ['step', 'direction', 'outcome'] as const,
      registers,
    }),
    sagasParked: new Counter({
      name: 'slotwright_sagas_parked_total',
      help: 'Times that a saga was set aside without an attempt, or at its last one, by reason.',
      labelNames: ['reason'] as const,
      registers,
    }),
    oldestSagaSeconds: new Gauge({
      name: 'slotwright_oldest_open_saga_seconds',
      help: 'Age of the oldest saga that has not ended, by lane (saga, calendar).',
      labelNames: ['lane'] as const,
      registers,
    }),
  };
}

function orphanMetrics(registers: Registry[]) {
  return {
    orphansFound: new Counter({
      name: 'slotwright_orphans_found_total',
      help: 'States found without what belongs to them, or the reverse, by kind.',
      labelNames: ['kind'] as const,
      registers,
    }),
    orphansRepaired: new Counter({
      name: 'slotwright_orphans_repaired_total',
      help: 'Orphans repaired or compensated, by kind and action.',
      labelNames: ['kind', 'action'] as const,
      registers,
    }),
    orphansUnrepairable: new Counter({
      name: 'slotwright_orphans_unrepairable_total',
      help: 'Orphans that are left as they are, by kind; each is tried again after a while.',
      labelNames: ['kind'] as const,
      registers,
    }),
    reconcilerPass: new Gauge({
      name: 'slotwright_reconciler_pass_seconds',
      help: 'How long the last look for orphans among all appointments, holds and sagas took.',
      registers,
    }),
  };
}

function callMetrics(registers: Registry[]) {
  return {
    calls: new Counter({
      name: 'slotwright_calls_total',
      help:
        'Calls to third parties, by provider and outcome (succeeded, refused, failed, ambiguous, ' +
        'throttled, not-called).',
      labelNames: ['provider', 'outcome'] as const,
      registers,
    }),
    callSeconds: new Histogram({
      name: 'slotwright_call_duration_seconds',
      help: 'Duration of calls to third parties, by provider.',
      labelNames: ['provider'] as const,
      buckets: secondsBuckets,
      registers,
    }),
    callsInFlight: new Gauge({
      name: 'slotwright_calls_in_flight',
      help: 'Calls to third parties that are under way, by provider.',
      labelNames: ['provider'] as const,
      registers,
    }),
    breakers: new Gauge({
      name: 'slotwright_breakers',
      help: 'Breakers that are not closed, by provider and state (open, half-open, ramping).',
      labelNames: ['provider', 'state'] as const,
      registers,
    }),
    breakerChanges: new Counter({
      name: 'slotwright_breaker_changes_total',
      help: 'Changes of breakers, by provider and new state.',
      labelNames: ['provider', 'to'] as const,
      registers,
    }),
  };
}
