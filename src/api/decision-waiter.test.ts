import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision, EngineLink } from '../contract/engine-link.ts';
import { systemClock } from '../io/clock.ts';
import { createLog } from '../io/log.ts';
import type { Queries } from '../io/postgres.ts';
import { DecisionWaiter, type Expectation } from './decision-waiter.ts';

const command = { tenantId: 'default', commandId: 'c1' };
const decision: Decision = { ...command, state: 'applied' };

function waiting(options: { maxWaiters?: number; run?: Queries['run'] } = {}) {
  const listeners = new Set<(decision: Decision) => void>();
  const engine: Pick<EngineLink, 'onDecision'> = {
    onDecision: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const waiter = new DecisionWaiter({
    reads: {
      of: (tenantId) => ({ tenantId, run: options.run ?? (() => Promise.resolve([])) }),
      close: () => Promise.resolve(),
    },
    clock: systemClock,
    log: createLog('silent', 'test'),
    engine,
    limits: { pollDecisionsMs: 5, maxWaiters: options.maxWaiters ?? 10 },
  });
  waiter.start();
  const publish = (published: Decision): void => listeners.forEach((listen) => listen(published));
  return { waiter, publish, listeners };
}

function decided(expectation: Expectation | undefined): Promise<Decision | undefined> {
  assert.ok(expectation);
  return expectation.decided(30);
}

test('a decision that comes before anyone waits is kept for who expects it', async () => {
  const { waiter, publish } = waiting();
  const expectation = waiter.expect(command);
  publish(decision);
  assert.equal(await expectation?.decided(30), decision);
});

test('all who wait for a command hear of it, and no one of another tenant', async () => {
  const { waiter, publish } = waiting();
  const both = [decided(waiter.expect(command)), decided(waiter.expect(command))];
  publish({ ...decision, tenantId: 'other' });
  publish({ ...decision, commandId: 'c2' });
  publish(decision);
  assert.deepEqual(await Promise.all(both), [decision, decision]);
});

test('time that runs out, a client that leaves and a stop end the waiting', async () => {
  const { waiter, listeners } = waiting();
  assert.equal(await waiter.expect(command)?.decided(0.01), undefined);
  assert.equal(await waiter.expect(command)?.decided(0), undefined);
  const client = new AbortController();
  const left = waiter.expect(command)?.decided(30, client.signal);
  client.abort();
  assert.equal(await left, undefined);
  assert.equal(await waiter.expect(command)?.decided(30, client.signal), undefined);
  const stopped = waiter.expect(command)?.decided(30);
  waiter.stop();
  assert.equal(await stopped, undefined);
  assert.equal(waiter.expect(command), undefined);
  assert.equal(listeners.size, 0);
});

test('one more than may wait is not taken, until another has gone', () => {
  const { waiter } = waiting({ maxWaiters: 2 });
  const first = waiter.expect(command);
  assert.ok(waiter.expect(command));
  assert.equal(waiter.expect(command), undefined);
  first?.cancel();
  first?.cancel();
  assert.ok(waiter.expect(command));
  assert.equal(waiter.expect(command), undefined);
});

test('a read that fails is survived; the next one finds the decision', async () => {
  let reads = 0;
  const { waiter } = waiting({
    run: <Row>(): Promise<Row[]> => {
      reads += 1;
      if (reads === 1) return Promise.reject(new Error('gone'));
      const row = {
        command_tenant_id: 'default',
        command_id: 'c1',
        command_state: 'refused',
        problem: { code: 'slot-unavailable' },
        created: null,
        appointment_id: null,
      };
      return Promise.resolve([row as Row]);
    },
  });
  const found = await waiter.expect(command)?.decided(30);
  assert.equal(found?.state, 'refused');
  assert.equal(found.problem?.code, 'slot-unavailable');
});
