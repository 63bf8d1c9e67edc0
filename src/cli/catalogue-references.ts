import type { HttpClient } from '../io/http-client.ts';
import type { CatalogueRow } from './catalogue-rows.ts';
import { concurrently } from './concurrently.ts';
import { Failure } from './failure.ts';
import { patientSend, problemText } from './patient-send.ts';
import type { Surroundings } from './surroundings.ts';

const FALLBACK_REGION = 'default';

interface Question {
  client: HttpClient;
  surroundings: Surroundings;
  rows: readonly CatalogueRow[];
}

interface Known {
  serviceTypes: Set<string>;
  regions: Map<string, string>;
}

/**
 * Resources that refer to what neither the rows nor the service have, or to locations in several
 * regions, one line each. Asked before anything is put: the service would refuse such a row only
 * after others had been imported.
 */
export async function referenceProblems({
  client,
  surroundings,
  rows,
}: Question): Promise<string[]> {
  const resources = rows.filter(({ kind }) => kind === 'resource');
  const known = knownOf(rows);
  const asked = new Set<string>();
  for (const { body } of resources) {
    for (const code of body['service_types'] as string[]) {
      if (!known.serviceTypes.has(code)) asked.add(`service-types/${code}`);
    }
    for (const id of body['locations'] as string[]) {
      if (!known.regions.has(id)) asked.add(`locations/${id}`);
    }
  }
  await concurrently({
    items: [...asked],
    limit: 8,
    work: async (path) => {
      const request = { method: 'GET', path: `/v1/${path}` } as const;
      const { answer } = await patientSend(client, request, surroundings);
      if (answer.status === 404) return;
      if (answer.status !== 200) throw new Failure(`${path}: ${problemText(answer.body) ?? ''}`);
      const { code, id, region } = answer.body as Record<string, string | undefined>;
      if (code !== undefined) known.serviceTypes.add(code);
      else if (id !== undefined) known.regions.set(id, region ?? FALLBACK_REGION);
    },
  });
  return resources.flatMap((row) => problemsOf(row, known));
}

function knownOf(rows: readonly CatalogueRow[]): Known {
  const known: Known = { serviceTypes: new Set(), regions: new Map() };
  for (const { kind, id, body } of rows) {
    if (kind === 'service_type') known.serviceTypes.add(id);
    if (kind === 'location')
      known.regions.set(id, (body['region'] as string | undefined) ?? FALLBACK_REGION);
  }
  return known;
}

function problemsOf({ where, body }: CatalogueRow, known: Known): string[] {
  const locations = body['locations'] as string[];
  const regions = new Set<string>();
  const wrong = (body['service_types'] as string[])
    .map((code, index) => ({ code, index }))
    .filter(({ code }) => !known.serviceTypes.has(code))
    .map(({ code, index }) => `/service_types/${index} "${code}" is unknown`);
  locations.forEach((id, index) => {
    const region = known.regions.get(id);
    if (region === undefined) wrong.push(`/locations/${index} "${id}" is unknown`);
    else regions.add(region);
  });
  if (regions.size > 1) wrong.push(`/locations lie in several regions: ${[...regions].join(', ')}`);
  return wrong.map((problem) => `${where}: ${problem}`);
}
