import { importDesks, type Desks } from './desks.ts';
import { Ledger } from './ledger.ts';
import type { Contender } from './measure.ts';
import { startRival, type Rival, type RivalWay } from './rivals/start-rival.ts';
import { startService } from './service.ts';

export type StagedRival = Rival & { ledger: Ledger };

/** Our service and its rivals: processes of their own, databases of their own, one server. */
export interface Stage {
  ours: Contender & { ledger: Ledger; databaseUrl: string };
  postmaster: number;
  startRival(way: RivalWay): Promise<StagedRival>;
  /** Stops with the stage, in reverse order. */
  closing(stop: () => Promise<void>): void;
}

/** Starts our service with the desks, and takes all down however the work ends. */
export async function onStage(desks: Desks, work: (stage: Stage) => Promise<void>): Promise<void> {
  const stops: (() => Promise<void>)[] = [];
  try {
    await work(await setUp(desks, (stop) => void stops.unshift(stop)));
  } finally {
    for (const stop of stops) await stop().catch(console.error);
  }
}

async function setUp(desks: Desks, closing: Stage['closing']): Promise<Stage> {
  const openLedger = async (url: string): Promise<Ledger> => {
    const ledger = await Ledger.open(url);
    closing(() => ledger.close());
    return ledger;
  };
  const service = await startService();
  closing(() => service.stop());
  await importDesks(service, desks);
  const ledger = await openLedger(service.databaseUrl);
  return {
    ours: { ...service, ledger, hasTail: true },
    postmaster: await ledger.postmasterPid(),
    startRival: async (way) => {
      const rival = await startRival(way, { serverUrl: service.databaseUrl, desks });
      closing(() => rival.stop());
      return { ...rival, ledger: await openLedger(rival.databaseUrl) };
    },
    closing,
  };
}
