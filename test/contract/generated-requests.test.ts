import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import {
  bound,
  collectionOf,
  generatedRequest,
  type KnownIds,
} from '../support/generated-request.ts';
import { OpenApiCheck, type Observed } from '../support/openapi-check.ts';
import { rawRequest } from '../support/raw-request.ts';
import { startService, type Service } from '../support/service.ts';

// RUNS=20000 for the whole; SEED repeats a run.
const runs = Number(process.env['RUNS'] ?? 300);
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const manyRuns = 5_000;
const maxKnown = 200;

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

const known: KnownIds = new Map();

function remember({ path, status, headers, body }: Observed): void {
  if (status < 200 || status > 202 || body === '') return;
  const collection = collectionOf(path);
  const add = (name: string, id: unknown): void => {
    if (typeof id !== 'string' || id === '') return;
    const others = (known.get(name) ?? []).filter((other) => other !== id);
    known.set(name, [...others, id].slice(-maxKnown));
  };
  add('commands', headers['command-id']);
  if (headers['content-type']?.startsWith('application/json') !== true) return;
  const { id, code } = JSON.parse(String(body)) as Record<string, unknown>;
  if (path.includes('/absences')) add('absence_id', id);
  else add(collection, id ?? code);
}

test('whatever is sent, the answer is one that the document describes, never a 5xx', async (t) => {
  t.diagnostic(`seed ${seed}, ${runs} requests`);
  let answered = 0;
  let succeeded = 0;
  await fc.assert(
    fc.asyncProperty(generatedRequest(check.document), async (request) => {
      const sent = bound(request, known, service.key);
      const observed = await rawRequest(service.url, agent, sent);
      remember(observed);
      answered += 1;
      if (observed.status < 300) succeeded += 1;
      const faults = check.faults(observed);
      if (observed.status >= 500) faults.push('the service failed');
      assert.deepEqual(faults, [], `${JSON.stringify(sent)} ${JSON.stringify(observed)}`);
    }),
    { numRuns: runs, seed },
  );
  t.diagnostic(`${answered} answers, ${succeeded} of them successes`);
  assert.ok(succeeded > answered / 5, `only ${succeeded} of ${answered} did something`);
  t.diagnostic([...check.seen].map(([name, count]) => `${name}: ${count}`).join(', '));
  if (runs >= manyRuns) assert.deepEqual(neverDone(), []);
});

/** The operations that never succeeded: of them nothing has been learned. */
function neverDone(): string[] {
  const done = [...check.seen.keys()].map((name) => name.split(' '));
  const ids = Object.values(check.document.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  return ids.filter((id) => !done.some(([name, status]) => name === id && Number(status) < 400));
}
