import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { after, before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import pg from 'pg';
import { documentedExamples, type DocumentedExample } from '../support/documented-examples.ts';
import { eventually } from '../support/eventually.ts';
import { OpenApiCheck, type Observed } from '../support/openapi-check.ts';
import { rawRequest, type RawRequest } from '../support/raw-request.ts';
import { startService, type Service } from '../support/service.ts';

const agent = new Agent({ keepAlive: true });
let service: Service;
let check: OpenApiCheck;

before(async () => {
  service = await startService({ env: { SLOTWRIGHT_EXAMPLE: '1' } });
  check = await OpenApiCheck.of(service.url);
});

after(async () => {
  agent.destroy();
  await service.close();
});

const send = async (sent: RawRequest): Promise<Observed> => {
  const observed = await rawRequest(service.url, agent, sent);
  check.assert(observed);
  return observed;
};

const sent = (
  { method, path, headers, body, open }: DocumentedExample,
  ids: Record<string, string> = {},
): RawRequest => ({
  method,
  path: path(ids),
  headers: {
    ...headers,
    ...(!open && { authorization: `Bearer ${service.key}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  },
  body: body === undefined ? undefined : JSON.stringify(body),
});

// What others stand on comes first; what ends something, last.
const order = [
  ...['putServiceType', 'putLocation', 'putResource', 'putCustomer', 'createAppointment'],
  ...['addAbsence', 'createApiKey', '', 'updateAppointment'],
  ...['startAppointment', 'completeAppointment'],
  ...['deleteAbsence', 'deleteResource', 'deleteLocation', 'deleteServiceType'],
  'revokeApiKey',
];
const rank = ({ operationId }: DocumentedExample): number =>
  order.indexOf(order.includes(operationId) ? operationId : '');
const endings = ['cancelAppointment', 'failAppointment'];

test('every documented example is answered with the status that is documented for it', async () => {
  const examples = documentedExamples(check.document).sort((a, b) => rank(a) - rank(b));
  const model = examples.find(({ status, links }) => status === 201 && links.has('getAppointment'));
  assert.ok(model, 'an example makes an appointment that others are about');
  const known = await appointment(model, 1);
  let weeks = 1;
  for (const example of examples) {
    const { operationId, name, status } = example;
    const isEnding = endings.includes(operationId);
    const ids = (isEnding ? await appointment(model, (weeks += 1)) : known).get(operationId);
    if (operationId === 'startAppointment') await untilConfirmed(ids?.['id']);
    const answer = await send(sent(example, ids));
    assert.equal(answer.status, status, `${operationId} ${name}: ${String(answer.body)}`);
    if (operationId === model.operationId) continue;
    for (const [target, linked] of example.linked(answer, ids ?? {})) known.set(target, linked);
  }
  const called = new Set(examples.map(({ operationId }) => operationId));
  const all = Object.values(check.document.paths).flatMap((path) => Object.values(path));
  assert.deepEqual(
    all.map(({ operationId }) => operationId).filter((id) => !called.has(id)),
    [],
  );
});

/** Makes an appointment as the example does, some weeks on; what it leads to. */
async function appointment(
  model: DocumentedExample,
  weeks: number,
): Promise<Map<string, Record<string, string>>> {
  const later = (text: string): string =>
    new Date(Date.parse(text) + weeks * 7 * 86_400_000).toISOString().replace('.000Z', 'Z');
  const slot = model.body?.['slot'] as { start_time: string; end_time: string };
  const body = {
    ...model.body,
    idempotency_key: randomUUID(),
    slot: { start_time: later(slot.start_time), end_time: later(slot.end_time) },
  };
  const made = await send(sent({ ...model, body }));
  assert.equal(made.status, 201, String(made.body));
  return model.linked(made, {});
}

function untilConfirmed(id: string | undefined): Promise<boolean> {
  const headers = { authorization: `Bearer ${service.key}` };
  return eventually(async () => {
    const { body } = await send({ method: 'GET', path: `/v1/appointments/${id}`, headers });
    return (JSON.parse(String(body)) as { state: string }).state === 'CONFIRMED';
  });
}

test('the events of what was done are as the event document says', async () => {
  const document = (await (await fetch(`${service.url}/asyncapi.json`)).json()) as {
    components: { messages: Record<string, { name: string }> };
  };
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema(document, 'asyncapi');
  const names = new Map(
    Object.entries(document.components.messages).map(([key, { name }]) => [name, key]),
  );
  const client = new pg.Client({ connectionString: await service.databaseUrl() });
  await client.connect();
  try {
    const { rows } = await client.query<{ type: string; event: string }>(
      `SELECT type, event FROM event_log
       UNION ALL SELECT type, event FROM outbox`,
    );
    assert.ok(rows.length > 0);
    for (const { type, event } of rows) {
      const pointer = `/components/messages/${names.get(type)}/payload`;
      const validate = ajv.compile({ $ref: `asyncapi#${pointer}` });
      assert.ok(validate(JSON.parse(event)), `${event} ${JSON.stringify(validate.errors)}`);
    }
  } finally {
    await client.end();
  }
});
