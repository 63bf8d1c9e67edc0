import type { WorkerDependencies } from '../dependencies.ts';
import { isNobodysFault } from '../nobodys-fault.ts';
import type { Mending, OrphanKind, OrphanName } from './orphan.ts';
import { isOutrun } from './repair-transaction.ts';
import type { Suspect } from './suspects.ts';

type Needs = Pick<WorkerDependencies, 'clock' | 'config' | 'log' | 'metrics'>;

/**
 * Has suspects mended, counts what was found and done, and writes one line for each. What cannot
 * be repaired is set aside for a while: it is reported now and then, not at every look.
 */
export class Repairs {
  readonly #needs: Needs;
  /** Until when each is set aside, by kind and name, the oldest first. */
  readonly #setAside = new Map<string, number>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Answers whether there was anything to try. */
  async attempt({ name, kinds, mend }: Suspect): Promise<boolean> {
    const wanted = kinds.filter((kind) => !this.#isSetAside(nameOf(name, kind)));
    if (wanted.length === 0) return false;
    try {
      for (const mending of await mend(wanted)) this.#report(name, mending);
    } catch (error) {
      if (isNobodysFault(error)) throw error;
      if (isOutrun(error)) return true;
      for (const kind of wanted) this.#report(name, { kind, action: 'unrepairable' }, error);
    }
    return true;
  }

  #report(name: OrphanName, { kind, action }: Mending, error?: unknown): void {
    const { metrics, log } = this.#needs;
    const { tenant_id: tenant, ...ids } = name;
    const fields = { component: 'worker-reconciler', tenant, ...ids, kind };
    metrics.orphansFound.inc({ kind });
    if (action !== 'unrepairable') {
      metrics.orphansRepaired.inc({ kind, action });
      log.warn({ ...fields, action }, 'an orphan was repaired');
      return;
    }
    this.#put(nameOf(name, kind));
    metrics.orphansUnrepairable.inc({ kind });
    const why = error === undefined ? {} : { err: error };
    log.error({ ...fields, ...why }, 'an orphan cannot be repaired');
  }

  #put(name: string): void {
    const { clock, config } = this.#needs;
    const { retryMs, setAsideLimit } = config.reconciler;
    const [oldest] = this.#setAside.keys();
    if (this.#setAside.size >= setAsideLimit && oldest !== undefined) this.#setAside.delete(oldest);
    this.#setAside.set(name, clock.monotonicMs() + retryMs);
  }

  #isSetAside(name: string): boolean {
    const untilMs = this.#setAside.get(name);
    if (untilMs === undefined) return false;
    if (this.#needs.clock.monotonicMs() < untilMs) return true;
    this.#setAside.delete(name);
    return false;
  }
}

function nameOf({ tenant_id, ...ids }: OrphanName, kind: OrphanKind): string {
  return [kind, tenant_id, ids.command_id ?? ids.saga_id ?? ids.appointment_id].join('/');
}
