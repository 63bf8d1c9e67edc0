import { loadavg } from 'node:os';
import type { Measured } from './measure.ts';
import { median, ratio } from './series.ts';

export const contenderNames = {
  accept: 'ours, to the 202',
  transaction: 'usual transaction',
  wait: 'ours, to SCHEDULED',
  function: 'one PL/pgSQL call',
  bare: 'ours without database',
} as const;

export type ContenderName = keyof typeof contenderNames;

/** What was measured with one number of connections, round by round. */
export type Results = Record<ContenderName, Measured[]>;

export function showLine(label: string, measured: Measured): void {
  const { answeredPerSecond, scheduledPerSecond, p50Ms, p99Ms, drainSeconds, remark } = measured;
  const scheduled = Number.isNaN(scheduledPerSecond) ? '-' : scheduledPerSecond.toFixed(0);
  const parts = [
    `answered ${answeredPerSecond.toFixed(0).padStart(5)}/s`,
    `SCHEDULED ${scheduled.padStart(5)}/s`,
    `p50 ${p50Ms.toFixed(2).padStart(6)} ms`,
    `p99 ${p99Ms.toFixed(2).padStart(6)} ms`,
    `CPU ${measured.nodeCpuUs.toFixed(0)} + ${measured.postgresCpuUs.toFixed(0)} us`,
    `drained in ${drainSeconds.toFixed(2)} s`,
    `load ${(loadavg()[0] ?? NaN).toFixed(1)}`,
  ];
  console.log(`${label.padEnd(26)} ${parts.join(' · ')}`);
  if (remark !== undefined) console.log(`  not all well: ${remark}`);
}

type Figure = (measured: Measured) => number;

const scheduled: Figure = ({ scheduledPerSecond }) => scheduledPerSecond;
const answered: Figure = ({ answeredPerSecond }) => answeredPerSecond;
const p50: Figure = ({ p50Ms }) => p50Ms;
const p99: Figure = ({ p99Ms }) => p99Ms;
const cpu: Figure = ({ nodeCpuUs, postgresCpuUs }) => nodeCpuUs + postgresCpuUs;

interface Comparison {
  title: string;
  connections: 'many' | 'one';
  of: Figure;
  /** Of the rival, where it is not the same figure. */
  theirs?: Figure;
  ours: ContenderName;
  rivals: ContenderName[];
}

const comparisons: Comparison[] = [
  {
    title: 'SCHEDULED/s, 64 connections, answered by 202',
    connections: 'many',
    of: scheduled,
    ours: 'accept',
    rivals: ['transaction', 'function'],
  },
  {
    title: 'SCHEDULED/s, 64 connections that wait for it',
    connections: 'many',
    of: scheduled,
    ours: 'wait',
    rivals: ['transaction', 'function'],
  },
  {
    title: 'p50 with one client, to SCHEDULED',
    connections: 'one',
    of: p50,
    ours: 'wait',
    rivals: ['function', 'transaction'],
  },
  {
    title: 'p50 with one client, to the 202',
    connections: 'one',
    of: p50,
    ours: 'accept',
    rivals: ['function', 'transaction'],
  },
  {
    title: 'p99 at 64 connections, to SCHEDULED',
    connections: 'many',
    of: p99,
    ours: 'wait',
    rivals: ['function', 'transaction'],
  },
  {
    title: 'p99 at 64 connections, to the 202',
    connections: 'many',
    of: p99,
    ours: 'accept',
    rivals: ['function', 'transaction'],
  },
  {
    title: 'CPU per booking at 64 connections',
    connections: 'many',
    of: cpu,
    ours: 'accept',
    rivals: ['transaction', 'function', 'bare'],
  },
  {
    title: 'share of the server without database',
    connections: 'many',
    of: scheduled,
    theirs: answered,
    ours: 'accept',
    rivals: ['bare'],
  },
];

/** Medians over the rounds, and what ours is of the rivals'. */
export function showComparisons(results: Record<'many' | 'one', Results>): void {
  for (const { title, connections, of, theirs = of, ours, rivals } of comparisons) {
    const own = results[connections][ours].map(of);
    console.log(`${title}: ${figure(own)}`);
    for (const rival of rivals) {
      const other = results[connections][rival].map(theirs);
      const says = `${ratio({ ours: own, theirs: other })} ${contenderNames[rival]}`;
      console.log(`  ${says.padEnd(50)} ${figure(other)}`);
    }
  }
}

function figure(values: readonly number[]): string {
  const shown = (value: number): string => value.toFixed(value < 100 ? 2 : 0);
  return `${shown(median(values))} (${values.map(shown).join(', ')})`;
}
