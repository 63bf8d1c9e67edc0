import { scopes } from '../contract/principal.ts';
import type { Settings } from '../contract/settings.ts';
import { readOrCreateSecret } from '../io/data-folder.ts';
import { newApiKey } from '../io/new-api-key.ts';
import type { Database } from '../io/postgres.ts';
import { sha256, type Random } from '../io/random.ts';
import { hasApiKeys } from '../store/read/api-keys.ts';
import { insertKeyIfAbsent } from '../store/write/api-keys.ts';
import type { WriteEpoch } from '../store/write-epoch.ts';

const tenantId = 'default';

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
      by: { actor: 'start', requestId: null },
    });
  if (settings.apiKey !== undefined) {
    await add(settings.apiKey);
    return undefined;
  }
  if (await hasApiKeys(database)) return undefined;
  // The file first: a crash in between leaves a key that the next start adds.
  const key = await readOrCreateSecret(dataFolder, 'api-key', () => newApiKey(random).key);
  await add(key);
  return key;
}

const staffScopes = scopes.filter((scope) => scope !== 'appointments:self');
