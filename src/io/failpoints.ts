/**
 * Named crash points, compiled into production code and off unless SLOTWRIGHT_MODE=test and
 * FAILPOINTS=name=action[@hit],… say otherwise. Actions: crash (SIGKILL to this process), error,
 * delay:<ms>, hang, pause:<ms>. `hit` counts from 1 and defaults to the first.
 *
 * `pause` blocks the event loop as a stopped process would: its leases run out meanwhile.
 */
export type FailpointAction = 'crash' | 'error' | 'delay' | 'hang' | 'pause';

interface Armed {
  action: FailpointAction;
  ms: number;
  hit: number;
}

const form = /^([a-z0-9.-]+)=(crash|error|delay|hang|pause)(?::(\d+))?(?:@(\d+))?$/;

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
  async reach(name: string): Promise<void> {
    const armed = this.#armed.get(name);
    if (armed === undefined) return;
    const hits = (this.#hits.get(name) ?? 0) + 1;
    this.#hits.set(name, hits);
    if (hits !== armed.hit) return;
    process.stderr.write(`failpoint ${name} reached: ${armed.action}\n`);
    await perform(name, armed);
  }
}

async function perform(name: string, { action, ms }: Armed): Promise<void> {
  switch (action) {
    case 'crash':
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => undefined);
      return;
    case 'error':
      throw new Error(`failpoint ${name}`);
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
