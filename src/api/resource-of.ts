import type { Call } from '../contract/route.ts';
import type { Queries } from '../io/postgres.ts';
import { findResource } from '../store/read/catalogue.ts';
import { catalogueId, noSuch } from './catalogue-id.ts';

/** The resource in the path, and the region whose owner decides about it. */
export async function resourceOf(
  database: Queries,
  { params, principal: { tenantId } }: Pick<Call, 'params' | 'principal'>,
): Promise<{ tenantId: string; resourceId: string; region: string }> {
  const id = catalogueId(params, 'resource');
  const row = await findResource(database, { tenantId, id });
  if (row === undefined) throw noSuch('resource');
  return { tenantId, resourceId: id, region: row.region };
}
