import { Type, type Static } from 'typebox';
import { answerFields, pageOf } from './answer-fields.ts';
import { closed, fields, oneOf } from './fields.ts';

/** What a tenant settles for itself, with what holds where it does not. */
export const tenantSettings = {
  unknown_locations: oneOf(['any', 'reject'], {
    default: 'any',
    description: 'Whether a booking may name a location that is not in the catalogue.',
  }),
  stale_calendar: oneOf(['open', 'closed'], {
    default: 'open',
    description: "Whether a resource is booked while its calendar's busy times are old.",
  }),
  pin_horizon_hours: Type.Integer({
    minimum: 0,
    maximum: 8_760,
    default: 24,
    description: 'How long before its start a booking is no longer moved to another resource.',
  }),
  max_moves: Type.Integer({
    minimum: 0,
    maximum: 100,
    default: 2,
    description: 'How often a booking may be moved to another resource.',
  }),
};

const Settings = Type.Object(tenantSettings, closed);

export type TenantSettings = Static<typeof Settings>;

const GivenSettings = Type.Object(Type.Partial(Type.Object(tenantSettings)).properties, closed);

/** Body of `PUT /v1/admin/tenants/{id}`. A setting that is left out has its default. */
export const Tenant = Type.Object(
  { name: fields.text(1, 255), settings: Type.Optional(GivenSettings) },
  closed,
);

export type Tenant = Static<typeof Tenant>;

export const TenantView = Type.Object(
  {
    id: fields.tenantId(),
    name: Type.String(),
    settings: Settings,
    created_at: answerFields.instant(),
  },
  { ...closed, title: 'Tenant' },
);

export type TenantView = Static<typeof TenantView>;

export const TenantPage = pageOf(TenantView, 'TenantPage');
