import type { Call } from '../contract/route.ts';
import type { TenantReads } from '../io/tenant-reads.ts';
import { findResource } from '../store/read/catalogue.ts';
import { catalogueId, noSuch } from './catalogue-id.ts';

/** The resource in the path, and the region whose owner decides about it. */
export async function resourceOf(
  reads: TenantReads,
  { params, principal: { tenantId } }: Pick<Call, 'params' | 'principal'>,
): Promise<{ tenantId: string; resourceId: string; region: string }> {
  const id = catalogueId(params, 'resource');
  const row = await findResource(reads.of(tenantId), { tenantId, id });
  if (row === undefined) throw noSuch('resource');
  return { tenantId, resourceId: id, region: row.region };
}
