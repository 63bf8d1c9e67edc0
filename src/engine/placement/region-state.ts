// What the owner of a region knows, in memory: catalogue, absences, holds. Every change arrives as
// a call here; decisions only read. Whatever is iterated is in order of id, so that the same
// history of calls gives the same decisions on every machine. Broken preconditions throw: they
// mean that memory and database disagree, and the owner must load again.

import type { Absence, Location, Resource, ServiceType } from '../../domain/catalogue.ts';
import { OpeningCalendar } from '../../domain/working-hours.ts';
import { compatibleByBuffers } from './compatible.ts';
import type { Compatible } from './compatible.ts';
import { ResourceState } from './resource-state.ts';
import { Timeline } from './timeline.ts';
import type { Hold } from './timeline.ts';

const MAX_SHARED_CALENDARS = 1_000;
const MAX_ANSWERS = 1_000;

export class RegionState {
  readonly serviceTypes = new Map<string, ServiceType>();
  readonly locations = new Map<string, Location>();
  readonly resources = new Map<string, ResourceState>();
  readonly holds = new Map<string, Hold>();
  readonly compatible: Compatible;
  readonly #offering = new Map<string, ResourceState[]>();
  readonly #timelines = new Map<number, Timeline>();
  readonly #absences = new Map<string, ResourceState>();
  readonly #calendars = new Map<string, OpeningCalendar>();
  readonly #answers = new Map<string, unknown>();
  #standing: unknown;

  constructor(compatible: Compatible = compatibleByBuffers) {
    this.compatible = compatible;
  }

  /**
   * The answer to a question about the state as it is, worked out once until the state changes:
   * when the last seat is gone, hundreds are refused for the same slot.
   */
  answer<T>(question: string, work: () => T): T {
    if (this.#answers.has(question)) return this.#answers.get(question) as T;
    const answer = work();
    if (this.#answers.size < MAX_ANSWERS) this.#answers.set(question, answer);
    return answer;
  }

  /** As `answer`, of what does not depend on bookings: kept until catalogue or absences change. */
  standing<T>(work: () => T): T {
    this.#standing ??= work();
    return this.#standing as T;
  }

  /** The resources that list the service type, active or not, in order of id. */
  offering(serviceType: string): readonly ResourceState[] {
    return this.#offering.get(serviceType) ?? [];
  }

  resourcesById(): ResourceState[] {
    return [...this.resources.values()].sort(byId);
  }

  putServiceType(serviceType: ServiceType): void {
    this.#catalogueChanged();
    this.serviceTypes.set(serviceType.code, serviceType);
  }

  putLocation(location: Location): void {
    this.#catalogueChanged();
    this.locations.set(location.id, location);
    for (const state of this.resources.values()) {
      if (state.locations.has(location.id)) this.#noteLocations(state);
    }
  }

  /**
   * Adds or replaces a resource; absences and holds stay. A smaller capacity retires the lanes
   * above it, a greater one opens them again; a lane that holds bookings cannot be left out.
   */
  putResource(resource: Resource): void {
    this.#catalogueChanged();
    const known = this.resources.get(resource.id);
    if (known === undefined) {
      const state = new ResourceState(resource, this.#calendarOf(resource));
      this.resources.set(resource.id, state);
      this.#setLanes(state, resource);
      this.#noteLocations(state);
      this.#index(state);
      return;
    }
    this.#setLanes(known, resource);
    this.#unindex(known);
    known.resource = resource;
    known.calendar = this.#calendarOf(resource);
    known.serviceTypes = new Set(resource.serviceTypes);
    known.locations = new Set(resource.locations);
    this.#noteLocations(known);
    this.#index(known);
  }

  /** Forgets a resource that has gone to another region; nothing may be booked on it here. */
  removeResource(resourceId: string): void {
    this.#catalogueChanged();
    const state = this.resources.get(resourceId);
    if (state === undefined) return;
    this.#setLanes(state, { ...state.resource, lanes: [] });
    this.#unindex(state);
    for (const absenceId of state.absences.keys()) this.#absences.delete(absenceId);
    this.resources.delete(resourceId);
  }

  /** Adds an absence, or replaces the one with that id. */
  putAbsence(absence: Absence): void {
    this.#catalogueChanged();
    const state = this.resources.get(absence.resourceId);
    if (state === undefined) throw new Error(`absence of unknown resource ${absence.resourceId}`);
    const previous = this.#absences.get(absence.id);
    if (previous !== undefined && previous !== state) previous.removeAbsence(absence.id);
    this.#absences.set(absence.id, state);
    state.putAbsence(absence);
  }

  removeAbsence(absenceId: string): void {
    this.#catalogueChanged();
    this.#absences.get(absenceId)?.removeAbsence(absenceId);
    this.#absences.delete(absenceId);
  }

  placeHold(hold: Hold): void {
    this.#answers.clear();
    if (this.holds.has(hold.appointmentId)) {
      throw new Error(`appointment ${hold.appointmentId} already holds a lane`);
    }
    this.#timelineOf(hold).insert(hold);
    this.holds.set(hold.appointmentId, hold);
  }

  /** Frees what the appointment holds, and returns it. */
  removeHold(appointmentId: string): Hold | undefined {
    this.#answers.clear();
    const hold = this.holds.get(appointmentId);
    if (hold === undefined) return undefined;
    this.#timelineOf(hold).remove(hold);
    this.holds.delete(appointmentId);
    return hold;
  }

  #catalogueChanged(): void {
    this.#answers.clear();
    this.#standing = undefined;
  }

  #timelineOf(hold: Hold): Timeline {
    const timeline = this.#timelines.get(hold.laneId);
    if (timeline === undefined) throw new Error(`unknown lane ${hold.laneId}`);
    return timeline;
  }

  #setLanes(state: ResourceState, resource: Resource): void {
    const kept = new Set(resource.lanes);
    for (const laneId of state.resource.lanes) {
      if (kept.has(laneId)) continue;
      if ((this.#timelines.get(laneId)?.size ?? 0) > 0) {
        throw new Error(`lane ${laneId} of resource ${resource.id} still holds bookings`);
      }
      this.#timelines.delete(laneId);
    }
    state.lanes = resource.lanes.map((laneId) => {
      const timeline = this.#timelines.get(laneId) ?? new Timeline();
      this.#timelines.set(laneId, timeline);
      return timeline;
    });
  }

  #noteLocations(state: ResourceState): void {
    state.hasActiveLocation = state.resource.locations.some(
      (id) => this.locations.get(id)?.active === true,
    );
  }

  #index(state: ResourceState): void {
    for (const serviceType of state.serviceTypes) {
      const offering = this.#offering.get(serviceType) ?? [];
      this.#offering.set(serviceType, offering);
      const next = offering.findIndex((other) => byId(state, other) < 0);
      offering.splice(next < 0 ? offering.length : next, 0, state);
    }
  }

  #unindex(state: ResourceState): void {
    for (const serviceType of state.serviceTypes) {
      const offering = this.#offering.get(serviceType) ?? [];
      offering.splice(offering.indexOf(state), 1);
      if (offering.length === 0) this.#offering.delete(serviceType);
    }
  }

  #calendarOf({ workingHours: hours, breaks, timeZone: zone }: Resource): OpeningCalendar {
    const signature = JSON.stringify([zone, hours, breaks]);
    let calendar = this.#calendars.get(signature);
    if (calendar === undefined) {
      calendar = new OpeningCalendar({ hours, breaks, zone });
      // Edits leave calendars behind that nobody uses; those in use are held by their resources.
      if (this.#calendars.size >= MAX_SHARED_CALENDARS) this.#calendars.clear();
      this.#calendars.set(signature, calendar);
    }
    return calendar;
  }
}

function byId(a: ResourceState, b: ResourceState): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
