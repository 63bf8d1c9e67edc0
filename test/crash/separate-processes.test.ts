import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { failpointNames } from '../../src/io/failpoints.ts';
import { describeViolations } from '../support/checker/violation.ts';
import { peer } from '../support/peer.ts';
import { runCrashCase } from './matrix/crash-case.ts';
import { needsCalendar } from './matrix/crash-cases.ts';
import { openCrashWorld, type CrashWorld } from './matrix/crash-world.ts';

const { url: brokerUrl, skip } = peer('rabbitmq');
// With calendars a run takes a quarter of an hour more.
const radicale = peer('radicale');
const isAsked = process.env['CALENDARS'] === '1';
const noCalendars = isAsked ? radicale.skip : 'only with CALENDARS=1, or by npm run crash';
const calendarCommand = noCalendars === false ? radicale.url : '';

describe('eight processes on RabbitMQ', { skip }, () => {
  let world: CrashWorld;

  before(async () => {
    world = await openCrashWorld({ kind: 'processes', seed: 1, brokerUrl, calendarCommand });
    world.startLoad();
  });
  after(() => world.close());

  const only = process.env['POINTS'];
  for (const point of failpointNames.filter((name) => only === undefined || name.includes(only))) {
    const missing = needsCalendar(point) ? noCalendars : false;
    test(`one killed at ${point} is made up for by the others`, { skip: missing }, async (t) => {
      const crash = { world: 'processes', point, action: 'crash', hit: 1 } as const;
      const recoveryMs = await runCrashCase(world, crash);
      t.diagnostic(`well again after ${Math.round(recoveryMs)} ms, ${world.requests()} requests`);
      const violations = await world.checkNow();
      assert.ok(violations.length === 0, describeViolations(violations));
    });
  }

  test('after all of it, when nothing is left to do, every guarantee holds', async () => {
    const violations = await world.settleForGood();
    assert.ok(violations.length === 0, describeViolations(violations));
  });
});
