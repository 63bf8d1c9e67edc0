import { Type, type Static } from 'typebox';
import { answerFields, pageOf } from './answer-fields.ts';
import { closed, fields, nullable, oneOf, paging } from './fields.ts';
import { idempotencyKey } from './idempotency-key.ts';
import { scopes } from './principal.ts';

/** Body of `POST /v1/admin/keys`. */
export const CreateApiKey = Type.Object(
  {
    idempotency_key: idempotencyKey,
    tenant: fields.tenantId(),
    scopes: Type.Array(oneOf(scopes), { minItems: 1, uniqueItems: true }),
    expires_at: Type.Optional(nullable<string>(fields.instant())),
  },
  closed,
);

export type CreateApiKey = Static<typeof CreateApiKey>;

/** The only answer that has the key itself; a replay has null in its place. */
export const CreatedApiKey = Type.Object(
  { id: answerFields.uuid(), key: answerFields.text() },
  { ...closed, title: 'CreatedApiKey' },
);

export type CreatedApiKey = Static<typeof CreatedApiKey>;

const instantOrNull = nullable<string>(answerFields.instant());

export const ApiKeyView = Type.Object(
  {
    id: answerFields.uuid(),
    tenant: fields.tenantId(),
    /** How it begins, by which people tell keys apart. */
    prefix: Type.String(),
    scopes: Type.Array(Type.String()),
    created_at: answerFields.instant(),
    expires_at: instantOrNull,
    last_used_at: instantOrNull,
    revoked_at: instantOrNull,
  },
  { ...closed, title: 'ApiKey' },
);

export type ApiKeyView = Static<typeof ApiKeyView>;

export const ApiKeyPage = pageOf(ApiKeyView, 'ApiKeyPage');

export const ListApiKeys = Type.Object(
  { tenant: Type.Optional(fields.tenantId()), ...paging },
  closed,
);

export type ListApiKeys = Static<typeof ListApiKeys>;
