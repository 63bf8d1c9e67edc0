import { InvalidArgumentError, Option, type Command } from 'commander';
import { scopes as knownScopes } from '../contract/principal.ts';
import { parseSettings } from '../contract/settings.ts';
import { formatInstant, parseInstant } from '../domain/slot.ts';
import { newApiKey } from '../io/new-api-key.ts';
import { sqlState } from '../io/postgres.ts';
import { listKeys, type ListedKey } from '../store/read/api-keys.ts';
import { insertKeyIfAbsent, revokeKey } from '../store/write/api-keys.ts';
import { changedHere } from './changed-here.ts';
import { addExamples } from './examples.ts';
import { Failure } from './failure.ts';
import { keyIdOf, unknownKey } from './key-id.ts';
import { addRotateKey } from './rotate-key.ts';
import { withServiceDatabase } from './service-database.ts';
import type { Surroundings } from './surroundings.ts';
import { table } from './table.ts';
import { timeSpan } from './time-span.ts';
import { writeUnderEpoch } from './write-under-epoch.ts';

interface Options {
  tenant: string;
  json?: boolean;
}
interface CreateOptions extends Options {
  scopes: string[];
  expires?: string;
}

export function addKeys(program: Command, surroundings: Surroundings): void {
  const keys = program
    .command('keys')
    .description('Make, list, rotate and revoke API keys, in the database itself.');
  const create = ofTenant(keys.command('create'))
    .description('Make a key. It is shown now and never again.')
    .addOption(
      new Option('--scopes <scopes>', `separated by commas, of ${knownScopes.join(', ')}`)
        .default(defaultScopes, 'all but admin')
        .argParser(scopesOf),
    )
    .option('--expires <when>', 'an instant, or a time from now such as 90d or 12h')
    .action((options: CreateOptions) => createKey(options, surroundings));
  addExamples(create, [
    'slotwright keys create',
    'slotwright keys create --scopes appointments:read,events:read --expires 90d',
    'KEY=$(slotwright keys create --scopes admin --json | jq -r .key)',
  ]);
  ofTenant(keys.command('list'))
    .description('List the keys of a tenant, without what makes them keys.')
    .action((options: Options) => list(options, surroundings));
  addRotateKey(ofTenant(keys.command('rotate')), surroundings);
  ofTenant(keys.command('revoke'))
    .description('End a key for good; the service refuses it within a second.')
    .argument('<id>', 'as keys list shows it')
    .action((id: string, options: Options) => revoke(id, options, surroundings));
}

const defaultScopes = knownScopes.filter(
  (scope) => scope !== 'admin' && scope !== 'appointments:self',
);

function ofTenant(command: Command): Command {
  return command
    .option('--tenant <id>', 'whose key it is', 'default')
    .option('--json', 'report in JSON');
}

function scopesOf(text: string): string[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  const unknown = names.find((name) => !(knownScopes as readonly string[]).includes(name));
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(`"${unknown}" is not a scope.`);
}

async function createKey(options: CreateOptions, surroundings: Surroundings): Promise<void> {
  const { environment, terminal, random, clock } = surroundings;
  const { tenant, scopes, expires, json } = options;
  const expiresAt = expires === undefined ? undefined : expiry(expires, clock.nowSeconds());
  const { key, ...kept } = newApiKey(random);
  const row = {
    tenantId: tenant,
    keyId: random.uuidV7(),
    ...kept,
    scopes,
    ...(expiresAt !== undefined && { expiresAt }),
    by: changedHere(surroundings),
  };
  await withServiceDatabase(parseSettings(environment), async (database) => {
    await writeUnderEpoch(database, (epoch) => insertKeyIfAbsent(database, epoch, row)).catch(
      (error: unknown) => {
        if (sqlState(error) !== foreignKeyViolation) throw error;
        throw new Failure(`there is no tenant "${tenant}"`);
      },
    );
  });
  const expires_at = shown(expiresAt ?? null);
  const { keyId: id } = row;
  if (json) terminal.print(JSON.stringify({ id, key, tenant, scopes, expires_at }));
  else {
    // The key alone on standard output, for a shell to take.
    terminal.print(key);
    terminal.complain(`key ${id}, shown once; scopes ${scopes.join(', ')}`);
    if (expires_at !== null) terminal.complain(`expires ${expires_at}`);
  }
}

const foreignKeyViolation = '23503';

/** Epoch seconds of an instant or of a time from now. */
function expiry(text: string, now: number): number {
  const span = timeSpan(text);
  const at = span === undefined ? parseInstant(text) : now + span;
  if (at === undefined) {
    const forms = 'must be an instant such as 2030-01-07T00:00:00Z, or a time such as 90d';
    throw new Failure(`--expires ${forms}`, { exitStatus: 2 });
  }
  if (at <= now) throw new Failure('--expires must be in the future', { exitStatus: 2 });
  return at;
}

async function list(
  { tenant, json }: Options,
  { environment, terminal }: Surroundings,
): Promise<void> {
  const rows = await withServiceDatabase(parseSettings(environment), (database) =>
    listKeys(database, tenant),
  );
  const items = rows.map(listed);
  if (json) return terminal.print(JSON.stringify({ items }));
  if (items.length === 0) return terminal.complain(`tenant "${tenant}" has no keys`);
  const cells = items.map(({ scopes, ...item }) => [
    ...Object.values(item).map((value) => value ?? '-'),
    scopes.join(','),
  ]);
  const header = ['id', 'prefix', 'created', 'expires', 'last used', 'revoked', 'scopes'];
  terminal.print(table(header, cells));
}

function listed(row: ListedKey) {
  return {
    id: row.key_id,
    prefix: row.prefix,
    scopes: row.scopes,
    created_at: formatInstant(row.created_s),
    expires_at: shown(row.expires_s),
    last_used_at: shown(row.last_used_s),
    revoked_at: shown(row.revoked_s),
  };
}

function shown(seconds: number | null): string | null {
  return seconds === null ? null : formatInstant(seconds);
}

async function revoke(
  id: string,
  { tenant, json }: Options,
  { environment, terminal, account }: Surroundings,
): Promise<void> {
  const keyId = keyIdOf(id, tenant);
  const key = { tenantId: tenant, keyId, by: changedHere({ account }) };
  const isNew = await withServiceDatabase(parseSettings(environment), async (database) => {
    if (await writeUnderEpoch(database, (epoch) => revokeKey(database, epoch, key))) return true;
    const known = await listKeys(database, tenant);
    if (!known.some(({ key_id }) => key_id === keyId)) throw unknownKey(id, tenant);
    return false;
  });
  if (json) terminal.print(JSON.stringify({ id: keyId, revoked: true, already: !isNew }));
  else terminal.print(isNew ? `revoked ${keyId}` : `${keyId} was revoked before`);
}
