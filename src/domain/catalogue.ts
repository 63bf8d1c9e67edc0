import type { WorkingHours } from './working-hours.ts';

export interface ServiceType {
  code: string;
  name: string;
  active: boolean;
  /** Consecutive appointments of this type need travel time between them. */
  travel: boolean;
}

export interface Location {
  id: string;
  name: string;
  timeZone: string;
  latitude?: number | null;
  longitude?: number | null;
  region: string;
  active: boolean;
}

export interface Resource {
  id: string;
  name: string;
  serviceTypes: string[];
  locations: string[];
  timeZone: string;
  workingHours: WorkingHours;
  breaks: WorkingHours;
  bufferBeforeSeconds: number;
  bufferAfterSeconds: number;
  capacity: number;
  active: boolean;
  /** Absent or null: it has none. */
  calendar?: ResourceCalendar | null;
  /**
   * Ids of lanes, unique over all resources; the index is the lane's ordinal. It may be longer than
   * the capacity: lanes outlive a smaller capacity together with what is booked on them.
   */
  lanes: number[];
}

/** How a resource's calendar is reached; for its password stands `passwordId` alone. */
export interface ResourceCalendar {
  kind: 'none' | 'caldav';
  url: string | null;
  username: string | null;
  /** Null in a change: the password stays, as long as it is for the same server and user. */
  passwordId: string | null;
}

/** Whether bookings of the resource are reserved in a calendar outside. */
export function hasCalendar({ calendar }: Pick<Resource, 'calendar'>): boolean {
  return calendar !== undefined && calendar !== null && calendar.kind !== 'none';
}

/** What a tenant offers, where and by whom. */
export interface Catalogue {
  serviceTypes: ServiceType[];
  locations: Location[];
  resources: Resource[];
}

export interface Absence {
  id: string;
  resourceId: string;
  start: number;
  end: number;
  /** Entered by an operator (the default), or busy time imported from an external calendar. */
  source?: 'operator' | 'calendar';
}
