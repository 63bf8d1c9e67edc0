import type { Absence, Resource } from '../../domain/catalogue.ts';
import { mergeIntervals } from '../../domain/intervals.ts';
import type { Interval } from '../../domain/intervals.ts';
import type { Slot } from '../../domain/slot.ts';
import type { OpeningCalendar } from '../../domain/working-hours.ts';
import type { Occupation } from './compatible.ts';
import type { Demand } from './demand.ts';
import type { Timeline } from './timeline.ts';

/** A resource as the engine holds it: its catalogue entry, its lanes, and when it is away. */
export class ResourceState {
  resource: Resource;
  calendar: OpeningCalendar;
  serviceTypes: ReadonlySet<string>;
  locations: ReadonlySet<string>;
  /** One timeline per lane, retired ones included; the index is the ordinal. */
  lanes: Timeline[] = [];
  /** Whether any of its locations is active. */
  hasActiveLocation = false;
  readonly absences = new Map<string, Absence>();
  #absent: Interval[] = [];
  #calendarBusy: Interval[] = [];

  constructor(resource: Resource, calendar: OpeningCalendar) {
    this.resource = resource;
    this.calendar = calendar;
    this.serviceTypes = new Set(resource.serviceTypes);
    this.locations = new Set(resource.locations);
  }

  get id(): string {
    return this.resource.id;
  }

  /** When operators say it is away: sorted, disjoint. */
  get absent(): readonly Interval[] {
    return this.#absent;
  }

  /** When its external calendar is busy: sorted, disjoint. */
  get calendarBusy(): readonly Interval[] {
    return this.#calendarBusy;
  }

  /** Lanes that take new bookings; those above the capacity only keep what they have. */
  get openLanes(): number {
    return Math.min(this.resource.capacity, this.lanes.length);
  }

  /** Whether lanes above the capacity still hold bookings, which then count against it. */
  get isOverCapacity(): boolean {
    for (let i = this.openLanes; i < this.lanes.length; i += 1) {
      if ((this.lanes[i]?.size ?? 0) > 0) return true;
    }
    return false;
  }

  putAbsence(absence: Absence): void {
    this.absences.set(absence.id, absence);
    this.#mergeAbsences();
  }

  removeAbsence(absenceId: string): void {
    this.absences.delete(absenceId);
    this.#mergeAbsences();
  }

  /** What the slot would occupy on a lane of this resource. */
  occupation({ serviceType, location }: Demand, slot: Slot): Occupation {
    return {
      start: slot.start,
      end: slot.end,
      bufferBefore: this.resource.bufferBeforeSeconds,
      bufferAfter: this.resource.bufferAfterSeconds,
      location: location?.kind === 'catalogue' ? location.id : undefined,
      serviceType,
    };
  }

  #mergeAbsences(): void {
    const all = [...this.absences.values()];
    this.#absent = mergeIntervals(all.filter(({ source }) => source !== 'calendar'));
    this.#calendarBusy = mergeIntervals(all.filter(({ source }) => source === 'calendar'));
  }
}
