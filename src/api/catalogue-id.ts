import { patterns } from '../contract/fields.ts';
import { Problem } from '../contract/problem.ts';

const forms = {
  'service type': new RegExp(patterns.serviceTypeCode),
  location: new RegExp(patterns.catalogueId),
  resource: new RegExp(patterns.catalogueId),
};

type Kind = keyof typeof forms;

/** The id in the path of one of the catalogue; a malformed one names nothing. */
export function catalogueId(params: Record<string, string>, kind: Kind): string {
  const id = params['id'] ?? params['code'] ?? '';
  if (!forms[kind].test(id)) throw noSuch(kind);
  return id;
}

export function noSuch(kind: Kind): Problem {
  return new Problem('not-found', `there is no such ${kind}`);
}
