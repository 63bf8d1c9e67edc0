import type { ForceQuery } from '../contract/repairs.ts';
import type { Answer, Call } from '../contract/route.ts';
import {
  commandCatalogue,
  repairsOf,
  type CatalogueChange,
  type CatalogueParts,
} from './command-catalogue.ts';

export interface CataloguePut extends Omit<CatalogueChange, 'payload'> {
  /** The object as it shall be, in the shape of `domain/catalogue`. */
  value: object;
  path: string;
  /** Reads what is stored once the change is in force. */
  view(): Promise<object>;
}

/** Puts one of the catalogue and answers it; where it was forced, with what became of bookings. */
export async function putCatalogue(
  parts: CatalogueParts,
  call: Call<unknown, ForceQuery>,
  { value, path, view, ...change }: CataloguePut,
): Promise<Answer> {
  const { force = false } = call.query;
  const payload = { value, force };
  const decision = await commandCatalogue(parts, call, { ...change, payload });
  const created = decision.result?.created === true;
  const body = force ? { ...(await view()), ...repairsOf(decision) } : await view();
  return { status: created ? 201 : 200, body, ...(created && { headers: { location: path } }) };
}
