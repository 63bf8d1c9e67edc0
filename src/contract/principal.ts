import type { Reach } from '../domain/reach.ts';

/** What a credential may do. A customer's token has `appointments:self` and nothing else. */
export const scopes = [
  'appointments:read',
  'appointments:write',
  'appointments:self',
  'catalogue:write',
  'events:read',
  'admin',
] as const;

export type Scope = (typeof scopes)[number];

/** Who is calling, once the edge has checked the credential, and whose rows that is for. */
export interface Principal extends Reach {
  /** `key:<key id>`, `customer:<id>` or `user:<sub>`: goes into history, commands and logs. */
  actor: string;
  scopes: ReadonlySet<Scope>;
}
