import { adminExamples } from './admin-examples.ts';

/**
 * A request as the document shows it, and the status that it is answered with by a service that
 * has the example catalogue. Ids in the path of what a create makes stand for those of its answer.
 */
export interface OperationExample {
  summary: string;
  status: number;
  params?: Record<string, string>;
  query?: Record<string, string | number | boolean>;
  headers?: Record<string, string>;
  body?: Record<string, unknown>;
}

const slot = { start_time: '2035-06-05T09:00:00Z', end_time: '2035-06-05T09:30:00Z' };
const customerId = '7d444840-9dc0-41d1-b245-5ffdce74fad2';
const appointmentId = '018f3c1e-7b4a-7c3d-9e2f-5a6b7c8d9e0f';
const absence = {
  start_time: '2035-07-02T00:00:00Z',
  end_time: '2035-07-09T00:00:00Z',
  reason: 'Holiday',
};
const wait = { Prefer: 'wait=10' };

const examples: Record<string, Record<string, OperationExample>> = {
  ...adminExamples,
  putServiceType: {
    haircut: {
      summary: 'A service type',
      status: 201,
      params: { code: 'haircut' },
      body: { name: 'Haircut' },
    },
  },
  getServiceType: { one: { summary: 'One', status: 200, params: { code: 'haircut' } } },
  putLocation: {
    hamburg: {
      summary: 'A location',
      status: 201,
      params: { id: 'hamburg' },
      body: { name: 'Hamburg, Mönckebergstraße', time_zone: 'Europe/Berlin' },
    },
  },
  getLocation: { one: { summary: 'One', status: 200, params: { id: 'hamburg' } } },
  putResource: {
    stylist: {
      summary: 'Somebody with a lunch break and five minutes after each booking',
      status: 201,
      params: { id: 'stylist-1' },
      body: {
        name: 'Stylist 1',
        service_types: ['haircut'],
        locations: ['hamburg'],
        time_zone: 'Europe/Berlin',
        working_hours: [
          { days: ['mon', 'tue', 'wed', 'thu', 'fri'], start: '09:00', end: '18:00' },
        ],
        breaks: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], start: '12:30', end: '13:00' }],
        buffer_after_minutes: 5,
      },
    },
  },
  getResource: { one: { summary: 'One', status: 200, params: { id: 'stylist-1' } } },
  putCustomer: {
    contact: {
      summary: 'A customer who can be notified',
      status: 201,
      params: { id: customerId },
      body: { name: 'Ada Lovelace', email: 'ada@example.com', locale: 'en-GB' },
    },
  },
  getCustomer: { one: { summary: 'One', status: 200, params: { id: customerId } } },
  createAppointment: {
    minimal: {
      summary: 'What must be said; accepted at once',
      status: 202,
      body: {
        idempotency_key: 'b2f7a1c4-6d3e-4f58-9a0b-1c2d3e4f5a6b',
        customer_id: customerId,
        slot,
        service_type: 'consultation',
      },
    },
    waiting: {
      summary: 'Everything that may be said; answered when decided, where it is waited for',
      status: 201,
      headers: wait,
      body: {
        idempotency_key: '9f1c2d3e-4b5a-4c6d-8e7f-0a1b2c3d4e5f',
        customer_id: customerId,
        slot: { start_time: '2035-06-05T10:00:00Z', end_time: '2035-06-05T10:30:00Z' },
        service_type: 'consultation',
        location: 'berlin',
        resource_id: 'berlin-adviser-2',
        metadata: { order: 4711 },
      },
    },
    malformed: {
      summary: 'A slot that ends before it starts',
      status: 422,
      body: {
        idempotency_key: 'c3a8b2d5-7e4f-4a69-8b1c-2d3e4f5a6b7c',
        customer_id: customerId,
        slot: { start_time: slot.end_time, end_time: slot.start_time },
        service_type: 'consultation',
      },
    },
  },
  getAppointment: { one: { summary: 'One', status: 200, params: { id: appointmentId } } },
  listAppointments: {
    day: {
      summary: "A day's appointments of one kind",
      status: 200,
      query: {
        from: '2035-06-05T00:00:00Z',
        to: '2035-06-06T00:00:00Z',
        service_type: 'consultation',
        state: 'SCHEDULED,CONFIRMED',
        limit: 20,
      },
    },
  },
  cancelAppointment: {
    reason: {
      summary: 'With a reason, whatever its version',
      status: 200,
      params: { id: appointmentId },
      headers: { ...wait, 'If-Match': '*' },
      body: {
        idempotency_key: 'd4b9c3e6-8f5a-4b7c-9d2e-3f4a5b6c7d8e',
        reason: 'The customer is ill.',
      },
    },
  },
  updateAppointment: {
    reschedule: {
      summary: 'Another time: the old one is kept until the new one is held',
      status: 200,
      params: { id: appointmentId },
      headers: wait,
      body: {
        idempotency_key: 'e5c0d4f7-9a6b-4c8d-8e3f-4a5b6c7d8e9f',
        slot: { start_time: '2035-06-05T11:00:00Z', end_time: '2035-06-05T11:30:00Z' },
        metadata: { order: 4712 },
      },
    },
  },
  startAppointment: {
    keyOnly: {
      summary: 'Begins',
      status: 200,
      params: { id: appointmentId },
      headers: wait,
      body: { idempotency_key: 'f6d1e5a8-0b7c-4d9e-9f4a-5b6c7d8e9f0a' },
    },
  },
  completeAppointment: {
    keyOnly: {
      summary: 'Ends',
      status: 200,
      params: { id: appointmentId },
      headers: wait,
      body: { idempotency_key: 'a7e2f6b9-1c8d-4e0f-8a5b-6c7d8e9f0a1b' },
    },
  },
  failAppointment: {
    reason: {
      summary: 'Says why',
      status: 200,
      params: { id: appointmentId },
      headers: wait,
      body: {
        idempotency_key: 'b8f3a7c0-2d9e-4f1a-9b6c-7d8e9f0a1b2c',
        reason: 'The adviser could not come.',
      },
    },
  },
  listEvents: { first: { summary: 'The first ten', status: 200, query: { limit: 10 } } },
  getTimeline: { one: { summary: 'All of it', status: 200, params: { id: appointmentId } } },
  addAbsence: {
    preview: {
      summary: 'What it would do, and nothing else',
      status: 200,
      params: { id: 'stylist-1' },
      query: { dry_run: true },
      body: { idempotency_key: 'c9a4b8d1-3e0f-4a2b-8c7d-8e9f0a1b2c3d', ...absence },
    },
    holiday: {
      summary: 'A week off',
      status: 201,
      params: { id: 'stylist-1' },
      body: { idempotency_key: 'd0b5c9e2-4f1a-4b3c-9d8e-9f0a1b2c3d4e', ...absence },
    },
  },
  listAbsences: { all: { summary: 'All', status: 200, params: { id: 'stylist-1' } } },
  getAbsence: {
    one: {
      summary: 'One',
      status: 200,
      params: { id: 'stylist-1', absence_id: appointmentId },
    },
  },
  deleteAbsence: {
    one: {
      summary: 'One',
      status: 204,
      params: { id: 'stylist-1', absence_id: appointmentId },
    },
  },
  deleteResource: { one: { summary: 'One', status: 204, params: { id: 'stylist-1' } } },
  deleteLocation: { one: { summary: 'One', status: 204, params: { id: 'hamburg' } } },
  deleteServiceType: { one: { summary: 'One', status: 204, params: { code: 'haircut' } } },
  getCommand: { one: { summary: 'One', status: 200, params: { id: appointmentId } } },
  getAvailability: {
    day: {
      summary: 'Half hours of a day in one place',
      status: 200,
      query: {
        service_type: 'consultation',
        from: '2035-06-05T00:00:00Z',
        to: '2035-06-06T00:00:00Z',
        duration_minutes: 30,
        location: 'berlin',
      },
    },
  },
  getProblemPage: {
    one: { summary: 'One', status: 200, params: { code: 'slot-unavailable' } },
  },
  getDocsAsset: { one: { summary: 'One', status: 200, params: { file: 'swagger-ui.css' } } },
};

/** By name; none where nothing needs to be shown. */
export function examplesOf(operationId: string): Record<string, OperationExample> {
  return examples[operationId] ?? {};
}

/** The operations that have examples. */
export const exampleOperations: readonly string[] = Object.keys(examples);

const bodyId = '$response.body#/id';
const ofAppointment = { id: bodyId };
const ofAbsence = { id: '$request.path.id', absence_id: bodyId };

/** By operation: what its answers lead to, with the expressions of the parameters. */
const links: Record<string, Record<string, Record<string, string>>> = {
  createAppointment: {
    getAppointment: ofAppointment,
    updateAppointment: ofAppointment,
    cancelAppointment: ofAppointment,
    startAppointment: ofAppointment,
    completeAppointment: ofAppointment,
    failAppointment: ofAppointment,
    getTimeline: ofAppointment,
    getCommand: { id: '$response.header.Command-Id' },
  },
  addAbsence: { getAbsence: ofAbsence, deleteAbsence: ofAbsence },
  createApiKey: { getApiKey: { id: bodyId }, revokeApiKey: { id: bodyId } },
};

/** What an answer leads to, among the operations that there are. */
export function exampleLinks(
  operationId: string,
  operations: ReadonlySet<string>,
): Record<string, object> | undefined {
  const own = Object.entries(links[operationId] ?? {})
    .filter(([target]) => operations.has(target))
    .map(([target, parameters]) => [target, { operationId: target, parameters }]);
  return own.length === 0 ? undefined : (Object.fromEntries(own) as Record<string, object>);
}
