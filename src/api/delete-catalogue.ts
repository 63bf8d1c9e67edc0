import type { ForceQuery } from '../contract/repairs.ts';
import type { Answer, Call } from '../contract/route.ts';
import {
  commandCatalogue,
  repairsOf,
  type CatalogueChange,
  type CatalogueParts,
} from './command-catalogue.ts';

export interface CatalogueDelete extends Omit<CatalogueChange, 'payload'> {
  id: string;
  /** Reads what is stored once the change is in force. */
  view(): Promise<object>;
}

/** Deactivates one of the catalogue: 204, or where it was forced what became of bookings. */
export async function deleteCatalogue(
  parts: CatalogueParts,
  call: Call<unknown, ForceQuery>,
  { operation, region, id, view }: CatalogueDelete,
): Promise<Answer> {
  const { force = false } = call.query;
  const payload = { id, force };
  const decision = await commandCatalogue(parts, call, { operation, region, payload });
  if (!force) return { status: 204 };
  return { status: 200, body: { ...(await view()), ...repairsOf(decision) } };
}
