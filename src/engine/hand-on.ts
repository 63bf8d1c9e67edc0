import type { ProblemDocument } from '../contract/problem.ts';
import type { Appointment, RefusalReason } from '../domain/appointment.ts';
import type { PendingCommand } from '../domain/command.ts';
import type { DecidedCommand, DecisionContext } from './decision.ts';
import type { UpdatePayload } from './decide-update.ts';
import type { RegionState } from './placement/region-state.ts';
import { reasonRank } from './placement/place.ts';

/** Leaves a command to another region's owner. */
export function handOn(
  command: PendingCommand,
  { position, seed }: DecisionContext,
  handedOn: { region: string; payload?: unknown },
): DecidedCommand {
  return { command, position, seed, state: 'handed-on', handedOn, transitions: [] };
}

/**
 * The region that must decide, by the catalogue and the appointment as they are now: a booking
 * goes where its location is, whatever is done to one where its hold is.
 */
export function decidingRegion(
  state: RegionState,
  { operation, payload, appointment, regionsTried }: PendingCommand,
  own: string,
): string {
  if (appointment === null) return own;
  const regionAt = (location: string | null) => state.locations.get(location ?? '')?.region;
  if (operation === 'create') {
    return (appointment.locationKnown ? regionAt(appointment.location) : undefined) ?? own;
  }
  // It goes round the regions as a new booking does, from that of the appointment on.
  if (operation === 'replan' && regionsTried.length > 0) return own;
  if (operation !== 'update') return appointment.region;
  const { location } = (payload ?? {}) as UpdatePayload;
  const wanted = location?.known === true ? regionAt(location.text) : undefined;
  return wanted ?? appointment.region;
}

/**
 * Who may place it after this region could not: a booking that names neither a place nor a
 * resource of ours is for every region of the tenant, in order of id.
 */
export function nextRegion(
  state: RegionState,
  { regionsTried }: PendingCommand,
  { about, own }: { about: Appointment; own: string },
): string | undefined {
  if (about.locationKnown) return undefined;
  if (about.requestedResourceId !== null && state.resources.has(about.requestedResourceId)) {
    return undefined;
  }
  return regionsOf(state).find((region) => region !== own && !regionsTried.includes(region));
}

/** The regions in which anything can be booked: a resource works at locations of its region. */
export function regionsOf(state: RegionState): string[] {
  return [...new Set([...state.locations.values()].map(({ region }) => region))].sort();
}

/** What an earlier region said, where that tells more than what the last one says. */
export function moreTelling(
  { payload }: PendingCommand,
  reason: RefusalReason,
): ProblemDocument | undefined {
  const { refused } = (payload ?? {}) as { refused?: ProblemDocument };
  if (refused?.reason === undefined) return undefined;
  return reasonRank(refused.reason) > reasonRank(reason) ? refused : undefined;
}
