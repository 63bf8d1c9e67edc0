import { exampleCatalogue } from '../domain/example-catalogue.ts';
import type { Database } from '../io/postgres.ts';
import { hasAnyResource } from '../store/read/region.ts';
import {
  bumpCatalogueVersion,
  writeLocation,
  writeResource,
  writeServiceType,
} from '../store/write/catalogue.ts';

const tenantId = 'default';
const region = 'default';

/** Loads the example catalogue into a database without resources, whole or not at all. */
export async function loadExample(database: Database): Promise<boolean> {
  if (await hasAnyResource(database)) return false;
  await database.transaction(async (queries) => {
    for (const type of exampleCatalogue.serviceTypes) {
      await writeServiceType(queries, tenantId, type);
    }
    for (const location of exampleCatalogue.locations) {
      await writeLocation(queries, tenantId, location);
    }
    for (const resource of exampleCatalogue.resources) {
      await writeResource(queries, { tenantId, region }, resource);
    }
    await bumpCatalogueVersion(queries, tenantId);
  });
  return true;
}
