import { Type, type Static, type TSchema } from 'typebox';

const hex = '[0-9a-fA-F]';
const uuid = `${hex}{8}-${hex}{4}-${hex}{4}-${hex}{4}-${hex}{12}`;
/** Patterns of the contract's formats; whether a date exists is not for a pattern to say. */
export const patterns = {
  uuid: `^${uuid}$`,
  instant: String.raw`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.0+)?Z$`,
  wallTime: String.raw`^\d{2}:\d{2}$`,
  catalogueId: '^[A-Za-z0-9._-]{1,64}$',
  serviceTypeCode: '^[a-z0-9-]{1,64}$',
  tenantId: '^[a-z0-9][a-z0-9._-]{0,63}$',
} as const;

/** Strings; lengths count code points. The edge has searched all of them for NUL. */
export const fields = {
  text: (minLength: number, maxLength: number) => Type.String({ minLength, maxLength }),
  uuid: () => Type.String({ pattern: patterns.uuid }),
  instant: () => Type.String({ pattern: patterns.instant }),
  catalogueId: () => Type.String({ pattern: patterns.catalogueId }),
  serviceTypeCode: () => Type.String({ pattern: patterns.serviceTypeCode }),
  tenantId: () => Type.String({ pattern: patterns.tenantId }),
};

/** The schema with null let in; for schemas of one type, which then read `["string", "null"]`. */
export function nullable<Value>(schema: TSchema) {
  const { type, enum: words, ...rules } = schema as unknown as { type: string; enum?: unknown[] };
  const orNull = words === undefined ? {} : { enum: [...words, null] };
  return Type.Unsafe<Value | null>({ ...rules, ...orNull, type: [type, 'null'] });
}

/** The schema of one of a few words. */
export function oneOf<const Word extends string>(
  words: readonly Word[],
  rules: { default?: Word; description?: string } = {},
) {
  return Type.Unsafe<Word>({ type: 'string', enum: [...words], ...rules });
}

export const closed = { additionalProperties: false } as const;

/** How many items a page has where the query does not say. */
export const defaultPageLimit = 50;

/** Query members of every list. */
export const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: defaultPageLimit })),
  cursor: Type.Optional(fields.text(1, 1_024)),
};

export const ListPage = Type.Object(paging, closed);

export type ListPage = Static<typeof ListPage>;
