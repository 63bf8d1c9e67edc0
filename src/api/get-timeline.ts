import { fields } from '../contract/fields.ts';
import type { Call, Route } from '../contract/route.ts';
import { Timeline, type TimelineItem } from '../contract/timeline.ts';
import { outboxShard } from '../domain/appointment.ts';
import { formatInstant } from '../domain/slot.ts';
import { findAppointment } from '../store/read/appointments.ts';
import { readTimeline, type TimelineKind, type TimelineRow } from '../store/read/timeline.ts';
import { notFound } from './accept.ts';
import type { Dependencies } from './dependencies.ts';
import { uuidOf } from './uuid-of.ts';

/** Of each kind the latest; an appointment has a dozen of all. */
const maxOfEach = 1_000;

export function getTimeline({ reads }: Pick<Dependencies, 'reads'>): Route {
  return {
    method: 'GET',
    path: '/v1/appointments/:id/timeline',
    operationId: 'getTimeline',
    summary: 'All that happened to an appointment, in order of time',
    params: { id: fields.uuid() },
    responses: { 200: Timeline },
    scopes: ['appointments:read', 'appointments:self'],
    ownership: 'appointment',
    handle: async ({ principal, params }: Call) => {
      const id = uuidOf(params, 'appointment');
      const { tenantId, customerId, resourceId } = principal;
      const appointment = await findAppointment(reads.of(tenantId), { id, reach: principal });
      if (appointment === undefined) throw notFound();
      const wanted = { tenantId, appointmentId: id, shard: outboxShard(id), limit: maxOfEach };
      const rows = await readTimeline(reads.of(tenantId), wanted);
      const isTold = customerId === null && resourceId === null;
      const seen = isTold ? rows : rows.map(withoutName);
      return { status: 200, body: { items: inOrder(seen).map((row) => item(id, row)) } };
    },
  };
}

/** Who sees its own alone learns what kind of caller acted, not with which key or name. */
function withoutName({ details, ...row }: TimelineRow): TimelineRow {
  const { actor } = details;
  if (typeof actor !== 'string') return { ...row, details };
  return { ...row, details: { ...details, actor: actor.replace(/:.*$/s, '') } };
}

const withinVersion: readonly TimelineKind[] = [
  'command',
  'transition',
  'event',
  'saga',
  'notification',
];

/**
 * In order of time. Clocks tell seconds, in which much happens: what is about one version stands
 * together, the cause before the effects; a command that made no version comes last, and among
 * such the ids tell, which are made in order of time.
 */
function inOrder(rows: readonly TimelineRow[]): TimelineRow[] {
  return rows.toSorted(
    (a, b) =>
      a.at_s - b.at_s ||
      (a.version ?? Infinity) - (b.version ?? Infinity) ||
      withinVersion.indexOf(a.kind) - withinVersion.indexOf(b.kind) ||
      startOf(a) - startOf(b) ||
      attemptOf(a) - attemptOf(b) ||
      commandOf(a).localeCompare(commandOf(b)),
  );
}

function commandOf({ details }: TimelineRow): string {
  return String(details['command_id']);
}

/** Of an attempt at a step, in milliseconds: several steps are made within a second. */
function startOf({ details }: TimelineRow): number {
  return Number(details['started_ms'] ?? 0);
}

function attemptOf({ details }: TimelineRow): number {
  return Number(details['attempt'] ?? 0);
}

function item(appointmentId: string, row: TimelineRow): TimelineItem {
  const { kind, version, details } = row;
  const about = { at: formatInstant(row.at_s), kind, ...details };
  switch (kind) {
    case 'transition': {
      const { start, end, ...rest } = details;
      const slot = { start_time: instant(start), end_time: instant(end) };
      return { at: about.at, kind, ...rest, version, slot } as TimelineItem;
    }
    case 'command':
      return { ...about, decided_at: instant(details['decided_at']) } as TimelineItem;
    case 'saga': {
      const blank = { direction: null, attempt: null, outcome: null, error_class: null };
      const finished = instant(details['finished_at']);
      // What orders attempts within a second is not told.
      const item: Record<string, unknown> = { ...blank, ...about, version, finished_at: finished };
      delete item['started_ms'];
      return item as TimelineItem;
    }
    case 'notification':
      return { ...about, version, sent_at: instant(details['sent_at']) } as TimelineItem;
    case 'event':
      return { ...about, version, id: `${appointmentId}:${version}` } as TimelineItem;
  }
}

function instant(value: unknown): string | null {
  return typeof value === 'number' ? formatInstant(value) : null;
}
