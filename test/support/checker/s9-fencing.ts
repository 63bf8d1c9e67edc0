import type { Facts, SagaStepFact } from './facts.ts';
import { appointmentName, grouped, versionName } from './grouped.ts';
import type { Violation } from './violation.ts';

/**
 * S9: nothing is finished by an owner or attempt other than the current one, and a deposed engine
 * cannot write. What can be seen of it in the tables afterwards.
 */
export function fencing(facts: Facts): Violation[] {
  return [
    ...positionsGivenTwice(facts),
    ...decidedTwice(facts),
    ...decidedOutOfOrder(facts),
    ...finishedTwice(facts),
    ...finishedByAnOldAttempt(facts),
    ...tasksInTwoPlaces(facts),
  ];
}

/** One owner at a time gives each position of its region to one command. */
function positionsGivenTwice(facts: Facts): Violation[] {
  const decided = facts.commands.filter(({ position }) => position !== null);
  const last = new Map(facts.regions.map((row) => [`${row.tenant}/${row.region}`, row]));
  const byPosition = grouped(decided, (row) => `${row.tenant}/${row.region}/${row.position}`);
  const twice = [...byPosition]
    .filter(([, commands]) => commands.length > 1)
    .map(([name, commands]) => s9({ position: name }, `${commands.length} commands have it`));
  const beyond = decided
    .filter(({ tenant, region, position }) => {
      return (position ?? 0) > (last.get(`${tenant}/${region}`)?.last_position ?? 0);
    })
    .map(({ id, position }) =>
      s9({ command: id, position: position ?? 0 }, 'its region has not got to that position'),
    );
  return [...twice, ...beyond, ...positionsOfOthers(facts)];
}

/** A change of hold stands at the position of the command that made it. */
function positionsOfOthers(facts: Facts): Violation[] {
  const commands = new Map(facts.commands.map((row) => [row.id, row]));
  return facts.history.flatMap(({ id, version, command, region, position }) => {
    const maker = command === null ? undefined : commands.get(command);
    if (position === null || maker === undefined) return [];
    if (maker.position === position && maker.region === region) return [];
    const at = `${maker.region ?? 'none'} ${maker.position ?? ''}`;
    return [s9({ appointment: id, version, position }, `its command was decided at ${at.trim()}`)];
  });
}

/** One command makes at most one version of an appointment beside the create's first. */
function decidedTwice(facts: Facts): Violation[] {
  const decisions = facts.history.filter(
    ({ command, from_state, actor }) =>
      command !== null && from_state !== null && actor !== 'worker',
  );
  return [...grouped(decisions, (row) => `${row.command}/${appointmentName(row)}`).values()]
    .filter((rows) => rows.length > 1)
    .map((rows) =>
      s9(
        { command: rows[0]?.command ?? '', appointment: rows[0]?.id ?? '' },
        `it was decided ${rows.length} times`,
      ),
    );
}

/** The commands of one appointment are decided in order of acceptance. */
function decidedOutOfOrder(facts: Facts): Violation[] {
  const decided = facts.commands.filter((row) => row.appointment !== null && row.position !== null);
  return [...grouped(decided, (row) => `${row.tenant}/${row.appointment}`).values()].flatMap(
    (commands) =>
      commands.flatMap((command, index) => {
        const before = commands[index - 1];
        if (before === undefined || before.region !== command.region) return [];
        if ((before.position ?? 0) < (command.position ?? 0)) return [];
        return [s9({ command: command.id }, `it was decided before the earlier ${before.id}`)];
      }),
  );
}

const stepName = (row: SagaStepFact): string => `${row.saga}/${row.step}/${row.direction}`;

/** What releases does so once in each calendar, and again where a reservation may come late. */
const releases = ({ step, direction }: SagaStepFact): boolean =>
  direction === 'compensate' || step === 'release' || step === 'release-former';

function finishedTwice(facts: Facts): Violation[] {
  const succeeded = facts.sagaSteps.filter((row) => row.outcome === 'succeeded' && !releases(row));
  const steps = [...grouped(succeeded, stepName)]
    .filter(([, attempts]) => attempts.length > 1)
    .map(([name, attempts]) => s9({ step: name }, `it succeeded ${attempts.length} times`));
  const confirmed = facts.history.filter(
    ({ from_state, to_state }) => from_state === 'SCHEDULED' && to_state === 'CONFIRMED',
  );
  // A saga confirms the version it was made for: the next one is its own.
  const sagas = grouped(
    facts.sagas.filter(({ state }) => state === 'done'),
    (saga) => `${saga.tenant}/${saga.appointment}`,
  );
  const stray = confirmed
    .filter((row) => (sagas.get(appointmentName(row)) ?? []).length === 0)
    .map((row) => s9({ version: versionName(row) }, 'it was confirmed by no finished saga'));
  return [...steps, ...stray];
}

/** Once a later attempt has begun, an earlier one has nothing left to finish. */
function finishedByAnOldAttempt(facts: Facts): Violation[] {
  return [...grouped(facts.sagaSteps, stepName)].flatMap(([name, attempts]) =>
    attempts.flatMap(({ attempt, finished_s }, index) => {
      const next = attempts[index + 1];
      if (next === undefined || finished_s === null || finished_s <= next.started_s) return [];
      return [s9({ step: name, attempt }, `it finished after attempt ${next.attempt} had begun`)];
    }),
  );
}

function tasksInTwoPlaces(facts: Facts): Violation[] {
  const waiting = new Set(facts.tasks.map(({ task }) => task));
  return facts.deadLetters
    .filter(({ task }) => waiting.has(task))
    .map(({ task, kind }) => s9({ task }, `the ${kind} is a dead letter and waits as well`));
}

function s9(ids: Violation['ids'], sentence: string): Violation {
  return { guarantee: 'S9', ids, sentence };
}
