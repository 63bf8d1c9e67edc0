import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Resource } from '../../src/domain/catalogue.ts';
import { WEEKDAYS } from '../../src/domain/wall-time.ts';
import { RegionState } from '../../src/engine/placement/region-state.ts';
import type { RoomMade } from '../../src/engine/placement/room-making/make-room.ts';
import type { Hold } from '../../src/engine/placement/timeline.ts';
import { parseInstance, type SmptspInstance } from './smptsp-instance.ts';

/** An instance with workers for whom every task is known to fit. */
export interface SmptspDay extends SmptspInstance {
  /** Indices of the workers; all of them are needed, or nearly so. */
  fleet: number[];
}

/** The shared instances that have a solution; the name contains `wanted`. */
export function solvedDays(folder: string, wanted = ''): SmptspDay[] {
  return readdirSync(join(folder, 'solutions'))
    .sort()
    .map((file) => file.replace('.json.gz', ''))
    .filter((name) => name.includes(wanted))
    .map((name) => {
      const solution = unzip(join(folder, 'solutions', `${name}.json.gz`));
      const { workers } = JSON.parse(solution) as { workers: number[] };
      return { ...parseInstance(name, instanceText(folder, name)), fleet: workers };
    });
}

function instanceText(folder: string, name: string): string {
  const family = ['krishnamoorthy', 'fages'].find((each) =>
    readdirSync(join(folder, each)).includes(`${name}.dat.gz`),
  );
  if (family === undefined) throw new Error(`no instance ${name}`);
  return unzip(join(folder, family, `${name}.dat.gz`));
}

function unzip(file: string): string {
  return gunzipSync(readFileSync(file)).toString();
}

/** With a share of workers more, those that come first among the others. */
export function withMoreStaff(day: SmptspDay, share: number): SmptspDay {
  const known = new Set(day.fleet);
  const others = day.qualifications.flatMap((list, worker) =>
    known.has(worker) || list.length === 0 ? [] : [worker],
  );
  const more = others.slice(0, Math.ceil(day.fleet.length * share));
  return { ...day, fleet: [...day.fleet, ...more] };
}

export const DAY_START = 1_780_272_000;
const SECONDS_PER_MINUTE = 60;

export interface Task {
  index: number;
  serviceType: string;
  slot: { start: number; end: number };
}

/** The tasks as requests, in a random order. */
export function shuffledTasks(day: SmptspDay, below: (bound: number) => number): Task[] {
  const tasks = day.tasks.map(({ start, end }, index) => ({
    index,
    serviceType: `task-${index}`,
    slot: {
      start: DAY_START + start * SECONDS_PER_MINUTE,
      end: DAY_START + end * SECONDS_PER_MINUTE,
    },
  }));
  for (let i = tasks.length - 1; i > 0; i -= 1) {
    const j = below(i + 1);
    [tasks[i], tasks[j]] = [tasks[j]!, tasks[i]!];
  }
  return tasks;
}

/** A region with the fleet and nothing booked; every task is a service type of its own. */
export function regionOfDay(day: SmptspDay): RegionState {
  const state = new RegionState();
  state.putLocation({ id: 'plant', name: 'Plant', timeZone: 'UTC', region: 'r', active: true });
  day.tasks.forEach((_, index) => {
    const code = `task-${index}`;
    state.putServiceType({ code, name: code, active: true, travel: false });
  });
  for (const worker of day.fleet) state.putResource(resourceOf(day, worker));
  return state;
}

function resourceOf(day: SmptspDay, worker: number): Resource {
  const id = workerId(worker);
  return {
    id,
    name: id,
    serviceTypes: (day.qualifications[worker] ?? []).map((task) => `task-${task}`),
    locations: ['plant'],
    timeZone: 'UTC',
    workingHours: [{ days: [...WEEKDAYS], start: '00:00', end: '24:00' }],
    breaks: [],
    bufferBeforeSeconds: 0,
    bufferAfterSeconds: 0,
    capacity: 1,
    active: true,
    lanes: [worker],
  };
}

/** Books the task as it was decided, if it was placed; moves first. */
export function applyMade(state: RegionState, task: Task, { placement, moves }: RoomMade): void {
  if (placement.kind === 'refused') return;
  for (const { freed } of moves) state.removeHold(freed.appointmentId);
  for (const { taken } of moves) state.placeHold(taken);
  state.placeHold(holdOf(task, placement));
}

function holdOf(task: Task, on: { resourceId: string; laneId: number }): Hold {
  return {
    ...task.slot,
    appointmentId: String(task.index).padStart(5, '0'),
    resourceId: on.resourceId,
    laneId: on.laneId,
    bufferBefore: 0,
    bufferAfter: 0,
    serviceType: task.serviceType,
    pin: 'movable',
    moves: 0,
  };
}

export function workerId(worker: number): string {
  return `worker-${String(worker).padStart(4, '0')}`;
}
