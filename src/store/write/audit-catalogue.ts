import type { Queries } from '../../io/postgres.ts';
import { auditEntries } from '../audit-entries.ts';
import { statement } from '../statement.ts';

// What was put is in the command; names of staff and reasons of absences are not for the audit.
const catalogueChanged = statement<never>(
  'audit_catalogue_command',
  auditEntries({
    ...{ action: 'operation', tenant: 'tenant_id', actor: 'actor', requestId: 'request_id' },
    subject: `coalesce(payload #>> '{value,code}', payload #>> '{value,id}', payload ->> 'id')`,
    details: `jsonb_strip_nulls(jsonb_build_object('command_id', command_id,
      'resource_id', payload ->> 'resourceId', 'force', payload -> 'force'))`,
    from: 'commands WHERE tenant_id = $1 AND command_id = $2',
  }),
);

/** Adds the entry of a change of the catalogue, inside the transaction that applies it. */
export async function auditCatalogueCommand(
  queries: Queries,
  tenantId: string,
  commandId: string,
): Promise<void> {
  await queries.run(catalogueChanged, [tenantId, commandId]);
}
