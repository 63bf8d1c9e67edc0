import type { Command } from 'commander';
import { parseSettings } from '../contract/settings.ts';
import { formatInstant } from '../domain/slot.ts';
import { newApiKey } from '../io/new-api-key.ts';
import { rotateKey } from '../store/write/api-keys.ts';
import { changedHere } from './changed-here.ts';
import { addExamples } from './examples.ts';
import { Failure } from './failure.ts';
import { keyIdOf } from './key-id.ts';
import { withServiceDatabase } from './service-database.ts';
import type { Surroundings } from './surroundings.ts';
import { timeSpan } from './time-span.ts';
import { writeUnderEpoch } from './write-under-epoch.ts';

interface Options {
  tenant: string;
  overlap: string;
  json?: boolean;
}

/** Makes `command` the one that gives a key a successor. */
export function addRotateKey(command: Command, surroundings: Surroundings): void {
  command
    .description('Make a key of the same scopes and lifetime, and let the old one run out.')
    .argument('<id>', 'of the old key, as keys list shows it')
    .option('--overlap <time>', 'how long the old key goes on; 0s: not at all', '24h')
    .action((id: string, options: Options) => rotate(id, options, surroundings));
  addExamples(command, [
    'slotwright keys rotate 018f3c1e-7b4a-7c3d-9e2f-5a6b7c8d9e0f',
    'slotwright keys rotate 018f3c1e-7b4a-7c3d-9e2f-5a6b7c8d9e0f --overlap 7d',
  ]);
}

async function rotate(
  id: string,
  { tenant, overlap, json }: Options,
  { environment, terminal, random, account }: Surroundings,
): Promise<void> {
  const overlapSeconds = timeSpan(overlap);
  if (overlapSeconds === undefined) {
    throw new Failure('--overlap must be a time such as 24h or 7d', { exitStatus: 2 });
  }
  const oldKeyId = keyIdOf(id, tenant);
  const { key, ...kept } = newApiKey(random);
  const successor = { keyId: random.uuidV7(), ...kept };
  const by = changedHere({ account });
  const rotation = { tenantId: tenant, oldKeyId, overlapSeconds, successor, by };
  const rotated = await withServiceDatabase(parseSettings(environment), (database) =>
    writeUnderEpoch(database, (epoch) => rotateKey(database, epoch, rotation)),
  );
  if (rotated === undefined) {
    throw new Failure(`tenant "${tenant}" has no key ${id}, or it has ended`);
  }
  const { scopes } = rotated;
  const expires_at = rotated.expires_s === null ? null : formatInstant(rotated.expires_s);
  const old = { id: oldKeyId, expires_at: formatInstant(rotated.old_expires_s) };
  const { keyId } = successor;
  if (json) terminal.print(JSON.stringify({ id: keyId, key, tenant, scopes, expires_at, old }));
  else {
    // The key alone on standard output, for a shell to take.
    terminal.print(key);
    terminal.complain(`key ${keyId}, shown once; scopes ${scopes.join(', ')}`);
    if (expires_at !== null) terminal.complain(`expires ${expires_at}`);
    terminal.complain(`the old key ${old.id} ends at ${old.expires_at}`);
  }
}
