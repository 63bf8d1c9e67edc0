import { Type, type Static } from 'typebox';
import { fields } from './fields.ts';

/**
 * What processes of one installation ask each other at `INTERNAL_PORT`, with the shared secret as
 * bearer token. Shapes are open: processes of two releases run side by side during an upgrade.
 */
export const internalPaths = {
  /** POST: commands were committed. */
  wake: '/internal/wake',
  /** GET: a line of JSON for every decision from now on, an empty one now and then. */
  decisions: '/internal/decisions',
  /** POST a `RegionalQuery`: `{regions: RegionSlots[]}`. */
  availability: '/internal/availability',
  /** POST a `RegionalPreview`: `{repairs}`, null where the region is not owned here. */
  absencePreview: '/internal/absence-preview',
} as const;

const epochSeconds = () => Type.Integer();
const count = () => Type.Integer({ minimum: 0 });
const seconds = () => Type.Integer({ minimum: 1 });
const id = () => fields.text(1, 64);

const RegionAsOf = Type.Object({
  region: id(),
  token: count(),
  position: count(),
  catalogueVersion: count(),
});

const AvailabilityQuery = Type.Object({
  tenantId: id(),
  serviceType: id(),
  from: epochSeconds(),
  to: epochSeconds(),
  durationSeconds: seconds(),
  stepSeconds: seconds(),
  location: Type.Optional(
    Type.Union([
      Type.Object({ kind: Type.Literal('catalogue'), id: id() }),
      Type.Object({ kind: Type.Literal('free'), text: fields.text(1, 255) }),
    ]),
  ),
  resourceId: Type.Optional(id()),
  limit: seconds(),
});

export const RegionalQueryBody = Type.Object({
  query: AvailabilityQuery,
  now: epochSeconds(),
  regions: Type.Array(RegionAsOf),
});

export type RegionalQueryBody = Static<typeof RegionalQueryBody>;

export const RegionalPreviewBody = Type.Object({
  asked: Type.Object({
    tenantId: id(),
    resourceId: id(),
    start: epochSeconds(),
    end: epochSeconds(),
  }),
  now: epochSeconds(),
  region: RegionAsOf,
});

export type RegionalPreviewBody = Static<typeof RegionalPreviewBody>;
