import { eligibility } from '../../src/engine/placement/eligibility.ts';
import { candidates, place, type Placement } from '../../src/engine/placement/place.ts';
import type { PlacementRequest } from '../../src/engine/placement/demand.ts';
import type { RegionState } from '../../src/engine/placement/region-state.ts';
import type { ResourceState } from '../../src/engine/placement/resource-state.ts';
import {
  fullBudget,
  makeRoomAtOnce,
  type Budget,
  type RoomMade,
} from '../../src/engine/placement/room-making/make-room.ts';

/** Decides requests one after the other; a new one for each stream. */
export type Decider = (state: RegionState, request: PlacementRequest, seed: number) => RoomMade;

export interface Policy {
  name: string;
  create: () => Decider;
}

const NO_EFFORT = { weighings: 0, iterations: 0 };

/** Who was booked longest ago, as in a round robin over a team. */
const roundRobin: Policy = {
  name: 'round robin',
  create: () => {
    const lastUse = new Map<string, number>();
    let clock = 0;
    return choosing((free) => {
      let chosen = free[0];
      for (const one of free) {
        if ((lastUse.get(one.id) ?? 0) < (lastUse.get(chosen?.id ?? '') ?? 0)) chosen = one;
      }
      if (chosen !== undefined) lastUse.set(chosen.id, (clock += 1));
      return chosen;
    });
  },
};

const firstFit: Policy = { name: 'first fit', create: () => choosing(([first]) => first) };

const bestFit: Policy = {
  name: 'best fit',
  create: () => (state, request, seed) => withoutMoves(place(state, request, seed)),
};

function choosing(choose: (free: ResourceState[]) => ResourceState | undefined): Decider {
  return (state, request, seed) => {
    const free = candidates(state, request).filter(
      (one) => eligibility(state, request, one).rule === null,
    );
    const chosen = choose(free);
    const resourceId = chosen?.id ?? 'nobody';
    return withoutMoves(place(state, { ...request, resourceId }, seed));
  };
}

function withoutMoves(placement: Placement): RoomMade {
  return { placement, moves: [], effort: NO_EFFORT };
}

function rearranging(name: string, budget: Budget): Policy {
  const mayMove = () => true;
  return {
    name,
    create: () => (state, request, seed) =>
      makeRoomAtOnce(state, request, { seed, mayMove, budget }),
  };
}

/** From the simplest to the one with the largest budget. */
export function policies(poolBudgets: readonly number[]): Policy[] {
  return [
    ...[roundRobin, firstFit, bestFit],
    rearranging('best fit + 1 move', { ...fullBudget, chainMoves: 1, poolIterations: 0 }),
    rearranging('+ chains', { ...fullBudget, poolIterations: 0 }),
    ...poolBudgets.map((poolIterations) =>
      rearranging(`+ pool, ${poolIterations / 1_000}k`, { ...fullBudget, poolIterations }),
    ),
  ];
}
