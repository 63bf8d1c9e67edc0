import type { Kind } from './catalogue-rows.ts';

export type ExportedKind = Kind | 'appointment';

/** One list of the API, and what is written of each of its items. */
export interface ExportSection {
  kind: ExportedKind;
  /** The path's last part. */
  list: string;
  /** Of a table, and in the order of the lines' members. */
  columns: readonly string[];
}

/** In the order in which `import` puts them, so that a stream could be put as it comes. */
export const exportSections: readonly ExportSection[] = [
  { kind: 'service_type', list: 'service-types', columns: ['code', 'name', 'active', 'travel'] },
  {
    kind: 'location',
    list: 'locations',
    columns: ['id', 'name', 'time_zone', 'latitude', 'longitude', 'region', 'active'],
  },
  {
    kind: 'resource',
    list: 'resources',
    columns: [
      ...['id', 'name', 'service_types', 'locations', 'time_zone', 'working_hours', 'breaks'],
      ...['buffer_before_minutes', 'buffer_after_minutes', 'capacity', 'active', 'calendar'],
    ],
  },
  {
    kind: 'customer',
    list: 'customers',
    columns: ['id', 'name', 'email', 'phone', 'locale', 'time_zone'],
  },
  {
    kind: 'appointment',
    list: 'appointments',
    columns: [
      ...['id', 'version', 'state', 'customer_id', 'start_time', 'end_time', 'service_type'],
      ...['location', 'resource_id', 'metadata', 'reason', 'created_at', 'updated_at'],
    ],
  },
];

/** What `import` and `book` take, without members that are absent. */
export function exportedRow(
  { kind, columns }: ExportSection,
  item: Record<string, unknown>,
): Record<string, unknown> {
  const members = { ...item, ...(item['slot'] as object | undefined) } as Record<string, unknown>;
  const present = columns.filter((column) => !isAbsent(members[column]));
  return { kind, ...Object.fromEntries(present.map((column) => [column, members[column]])) };
}

function isAbsent(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  // Empty metadata, no breaks.
  return typeof value === 'object' && Object.keys(value).length === 0;
}

export function columnsOf(sections: readonly ExportSection[]): string[] {
  return ['kind', ...new Set(sections.flatMap(({ columns }) => columns))];
}
