import type { OwnEngine } from '../contract/engine-link.ts';
import {
  internalPaths,
  RegionalPreviewBody,
  RegionalQueryBody,
} from '../contract/internal-paths.ts';
import type { Call, Route } from '../contract/route.ts';
import type { DecisionReaders } from './decision-readers.ts';

const forPeers = { scopes: ['admin'], ownership: 'tenant' } as const;
const maxBodyBytes = 1024 * 1024;

/** What this engine tells processes that have none, or not the one that owns the region. */
export function internalRoutes(engine: OwnEngine, readers: DecisionReaders): Route[] {
  return [
    {
      ...forPeers,
      method: 'POST',
      path: internalPaths.wake,
      summary: 'Says that commands were committed',
      handle: () => {
        engine.wake();
        return Promise.resolve({ status: 204 });
      },
    },
    {
      ...forPeers,
      method: 'GET',
      path: internalPaths.decisions,
      summary: 'The decisions from now on',
      handle: () => {
        const headers = { 'content-type': 'application/x-ndjson' };
        return Promise.resolve({ status: 200, headers, stream: readers.open() });
      },
    },
    {
      ...forPeers,
      method: 'POST',
      path: internalPaths.availability,
      summary: 'Slots of regions that this process owns',
      body: RegionalQueryBody,
      bodyLimitBytes: maxBodyBytes,
      handle: async ({ body }: Call<RegionalQueryBody>) => ({
        status: 200,
        body: { regions: await engine.availabilityOf(body) },
      }),
    },
    {
      ...forPeers,
      method: 'POST',
      path: internalPaths.absencePreview,
      summary: 'What an absence would do',
      body: RegionalPreviewBody,
      handle: async ({ body }: Call<RegionalPreviewBody>) => ({
        status: 200,
        body: { repairs: (await engine.previewAbsence(body)) ?? null },
      }),
    },
  ];
}
