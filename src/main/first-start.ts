import { scopes } from '../contract/principal.ts';
import type { Settings } from '../contract/settings.ts';
import { exampleCatalogue } from '../domain/example-catalogue.ts';
import { readOrCreateSecret } from '../io/data-folder.ts';
import type { Database } from '../io/postgres.ts';
import { sha256, type Random } from '../io/random.ts';
import { hasApiKeys } from '../store/read/api-keys.ts';
import { hasAnyResource } from '../store/read/region.ts';
import { insertKeyIfAbsent } from '../store/write/api-keys.ts';
import {
  bumpCatalogueVersion,
  writeLocation,
  writeResource,
  writeServiceType,
} from '../store/write/catalogue.ts';
import type { WriteEpoch } from '../store/write-epoch.ts';

const tenantId = 'default';
const region = 'default';

/**
 * Sees to it that somebody can call: adds the key that was set, or makes one where the database
 * holds none. Answers the key that was made now, which is shown once.
 */
export async function ensureApiKey(
  database: Database,
  needs: { settings: Settings; dataFolder: string; random: Random; epoch: WriteEpoch },
): Promise<string | undefined> {
  const { settings, dataFolder, random, epoch } = needs;
  if (!epoch.writable()) return undefined;
  const add = (key: string): Promise<boolean> =>
    insertKeyIfAbsent(database, epoch.current(), {
      tenantId,
      keyId: random.uuidV7(),
      prefix: key.slice(0, 6),
      hash: sha256(key),
      scopes: staffScopes,
    });
  if (settings.apiKey !== undefined) {
    await add(settings.apiKey);
    return undefined;
  }
  if (await hasApiKeys(database)) return undefined;
  // The file first: a crash in between leaves a key that the next start adds.
  const key = await readOrCreateSecret(dataFolder, 'api-key', () => `sw_${random.hex(24)}`);
  await add(key);
  return key;
}

const staffScopes = scopes.filter((scope) => scope !== 'appointments:self');

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
