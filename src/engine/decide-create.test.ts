import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as make from '../../test/support/decisions.ts';
import * as region from '../../test/support/placement-region.ts';
import { decideCreate } from './decide-create.ts';

const buffers = { bufferBeforeSeconds: 300, bufferAfterSeconds: 600 };

test('a create takes the lane where it fits, with the buffers of the resource', () => {
  const state = region.regionOf(region.resource('a', buffers));
  const before = make.appointment('x', { location: 'main', locationKnown: true });
  const command = make.command('create', before);
  const decided = decideCreate(state, command, make.context({ position: 7, seed: 9 }));
  assert.deepEqual([decided.state, decided.position, decided.seed], ['applied', 7, 9]);
  const [step, ...more] = decided.transitions;
  assert.equal(more.length, 0);
  assert.deepEqual(step?.after, {
    ...before,
    version: 2,
    state: 'SCHEDULED',
    resourceId: 'a',
    updatedAt: make.now,
  });
  assert.deepEqual([step.cause, step.event, step.saga?.kind], ['schedule', 'scheduled', 'create']);
  assert.deepEqual(step.hold, {
    taken: {
      appointmentId: 'x',
      laneId: region.laneOf('a', 0),
      resourceId: 'a',
      start: before.start,
      end: before.end,
      bufferBefore: 300,
      bufferAfter: 600,
      location: 'main',
      serviceType: 'consultation',
      pin: 'movable',
      moves: 0,
    },
  });
  assert.equal(state.holds.size, 0, 'deciding alone changes nothing');
});

test('a named resource is asked for and pinned; a free location pins nothing down', () => {
  const state = region.regionOf(region.resource('a'), region.resource('b'));
  const about = make.appointment('x', { requestedResourceId: 'b', location: 'at my desk' });
  const [step] = decideCreate(state, make.command('create', about), make.context()).transitions;
  assert.equal(step?.after.resourceId, 'b');
  assert.equal(step.hold?.taken?.pin, 'pinned');
  assert.equal(step.hold.taken.location, undefined);
});

test('a create that does not fit fails the appointment and says why and what would be free', () => {
  const state = region.regionOf(region.resource('a'));
  const busy = region.book(state, region.slotAt('2026-06-01T09:30:00Z', 60), { resourceId: 'a' });
  const decided = decideCreate(
    state,
    make.command('create', make.appointment('x')),
    make.context(),
  );
  assert.equal(decided.state, 'refused');
  const { problem } = decided;
  assert.deepEqual(
    [problem?.code, problem?.status, problem?.reason, problem?.appointment_id],
    ['slot-unavailable', 409, 'no-room', 'x'],
  );
  assert.deepEqual(problem?.conflicts, [
    { resource_id: 'a', start_time: '2026-06-01T09:30:00Z', end_time: '2026-06-01T10:30:00Z' },
  ]);
  assert.equal(problem.alternatives?.length, 3);
  const [step] = decided.transitions;
  assert.deepEqual(
    [step?.after.state, step?.after.reason, step?.after.proof, step?.event, step?.hold],
    ['FAILED', 'no-room', 'budget', 'failed', undefined],
  );
  assert.ok(state.holds.has(busy.appointmentId));
});

test('an appointment that somebody has moved on is left where it is', () => {
  const state = region.regionOf(region.resource('a'));
  const about = make.appointment('x', { state: 'CANCELLED', version: 2 });
  const decided = decideCreate(state, make.command('create', about), make.context());
  assert.equal(decided.problem?.code, 'illegal-transition');
  assert.deepEqual(decided.transitions, []);
});

test('the clock of another machine does not make a history go back', () => {
  const state = region.regionOf(region.resource('a'));
  const about = make.appointment('x', { updatedAt: make.now + 3 });
  const [step] = decideCreate(state, make.command('create', about), make.context()).transitions;
  assert.equal(step?.after.updatedAt, make.now + 3);
});

test('a command without its appointment is an error, not a decision', () => {
  const state = region.regionOf();
  assert.throws(
    () => decideCreate(state, make.command('create', null), make.context()),
    /no appoint/,
  );
});
