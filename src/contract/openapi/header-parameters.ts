import type { RequestHeader, Route } from '../route.ts';

export interface HeaderParameter {
  name: string;
  in: 'header';
  required: boolean;
  description: string;
  schema: object;
}

const text = { type: 'string' };

const known: Record<RequestHeader | 'idempotency-key', [string, string]> = {
  'idempotency-key': [
    'Idempotency-Key',
    'The key, quoted or bare. Where it is not given the body must carry it as idempotency_key.',
  ],
  prefer: [
    'Prefer',
    'wait=N holds the answer until the command is decided, at most N seconds (clamped to 0-30). ' +
      'What cannot be read is ignored.',
  ],
  'if-match': [
    'If-Match',
    'The version that is to be changed, as its entity tag ("n"), or *. Weak tags never match.',
  ],
  'last-event-id': [
    'Last-Event-ID',
    'The id of the last server-sent event that was seen; goes before the cursor of the address.',
  ],
  'if-none-match': ['If-None-Match', 'Entity tags that need not be sent again (304), or *.'],
};

/** The request headers that a route heeds. */
export function headerParameters({ idempotent, reads = [] }: Route): HeaderParameter[] {
  const names = [...(idempotent === true ? (['idempotency-key'] as const) : []), ...reads];
  return names.map((key) => {
    const [name, description] = known[key];
    return { name, in: 'header', required: false, description, schema: text };
  });
}
