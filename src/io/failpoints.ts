import type { Database, Queries } from './postgres.ts';

/**
 * Named crash points, compiled into production code and off unless SLOTWRIGHT_MODE=test and
 * FAILPOINTS=name=action[:ms][@hit],… say otherwise. Actions: crash (SIGKILL to this process),
 * error, delay:<ms>, hang, pause:<ms>. `hit` counts from 1 and defaults to the first.
 *
 * `pause` blocks the event loop as a stopped process would: its leases run out meanwhile. What
 * hangs is one chain of calls, and the process lives on around it. An error is that of a database
 * connection that broke.
 */
export type FailpointAction = 'crash' | 'error' | 'delay' | 'hang' | 'pause';

/** All there are. Each is reached by one line of src, and hit by the crash suite. */
export const failpointNames = [
  'api.before-transaction',
  'api.before-commit',
  'api.after-commit-before-reply',
  'engine.after-decide-before-commit',
  'engine.after-commit-before-memory',
  'engine.after-hand-on-before-memory',
  'engine.after-cross-region-commit-before-memory',
  'engine.before-resource-move-commit',
  'engine.after-resource-move-before-memory',
  'engine.after-catalogue-hand-on-before-memory',
  'engine.lease-lost',
  'relay.after-read',
  'relay.after-publish-before-confirm',
  'relay.after-confirm-before-delete',
  'relay.partial-delete',
  'relay.audit-before-commit',
  'relay.audit-after-commit',
  'worker.after-claim',
  'worker.after-claim-to-call',
  'worker.before-intent',
  'worker.before-call',
  'worker.during-call',
  'worker.after-call-before-commit',
  'worker.after-commit-before-next',
  'saga.create.reserve.before',
  'saga.create.reserve.after',
  'saga.create.reserve.compensate.before',
  'saga.create.reserve.compensate.after',
  'saga.create.confirm.before',
  'saga.create.confirm.after',
  'saga.reschedule.reserve.before',
  'saga.reschedule.reserve.after',
  'saga.reschedule.reserve.compensate.before',
  'saga.reschedule.reserve.compensate.after',
  'saga.reschedule.release-former.before',
  'saga.reschedule.release-former.after',
  'saga.reschedule.confirm.before',
  'saga.reschedule.confirm.after',
  'saga.reassign.reserve.before',
  'saga.reassign.reserve.after',
  'saga.reassign.reserve.compensate.before',
  'saga.reassign.reserve.compensate.after',
  'saga.reassign.release-former.before',
  'saga.reassign.release-former.after',
  'saga.reassign.confirm.before',
  'saga.reassign.confirm.after',
  'saga.cancel.release.before',
  'saga.cancel.release.after',
  'notify.before-send',
  'notify.after-send-before-mark',
] as const;

/** Those of sagas are made of kind, step, perhaps `compensate`, and before or after. */
export type FailpointName = (typeof failpointNames)[number] | `saga.${string}`;

interface Armed {
  action: FailpointAction;
  ms: number;
  hit: number;
}

const form = /^([a-z0-9.-]+)=(crash|error|delay|hang|pause)(?::(\d+))?(?:@(\d+))?$/;

/** The first name in a specification that is no crash point's. */
export function unknownFailpoint(specification: string): string | undefined {
  const names = specification.split(',').map((part) => part.split('=')[0] ?? '');
  return names.find((name) => name !== '' && !failpointNames.some((known) => known === name));
}

export class Failpoints {
  readonly #armed = new Map<string, Armed>();
  readonly #hits = new Map<string, number>();

  constructor(specification = '') {
    for (const part of specification.split(',').filter((text) => text !== '')) {
      const match = form.exec(part);
      if (!match) throw new Error(`FAILPOINTS: "${part}" is not name=action[:ms][@hit]`);
      const [, name = '', action, ms = '1000', hit = '1'] = match;
      this.#armed.set(name, {
        action: action as FailpointAction,
        ms: Number(ms),
        hit: Number(hit),
      });
    }
  }

  /** Does nothing and costs one map look-up unless a point of that name is armed. */
  async reach(name: FailpointName): Promise<void> {
    const armed = this.#armed.get(name);
    if (armed === undefined) return;
    const hits = (this.#hits.get(name) ?? 0) + 1;
    this.#hits.set(name, hits);
    if (hits !== armed.hit) return;
    process.stderr.write(`failpoint ${name} reached: ${armed.action}\n`);
    await perform(name, armed);
  }

  /** Reaches the point when it is called; undefined where nothing can happen there any more. */
  whenArmed(name: FailpointName): (() => Promise<void>) | undefined {
    const armed = this.#armed.get(name);
    if (armed === undefined || (this.#hits.get(name) ?? 0) >= armed.hit) return undefined;
    return () => this.reach(name);
  }
}

/**
 * Runs `work`, one statement and so a transaction by itself. Only where there is a point before its
 * commit, it becomes part of an open transaction, which can be held there.
 */
export async function commitAfter<T>(
  point: (() => Promise<void>) | undefined,
  database: Database,
  work: (queries: Queries) => Promise<T>,
): Promise<T> {
  if (point === undefined) return work(database);
  return database.transaction(async (queries) => {
    const result = await work(queries);
    await point();
    return result;
  });
}

async function perform(name: string, { action, ms }: Armed): Promise<void> {
  switch (action) {
    case 'crash':
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => undefined);
      return;
    case 'error':
      throw Object.assign(new Error(`failpoint ${name}`), { code: 'ECONNRESET' });
    case 'delay':
      await new Promise((resolve) => setTimeout(resolve, ms));
      return;
    case 'hang':
      await new Promise(() => undefined);
      return;
    case 'pause':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  }
}
