import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Appointment } from '../../src/domain/appointment.ts';
import type { AppointmentState } from '../../src/domain/appointment-state.ts';
import type { Operation, PendingCommand } from '../../src/domain/command.ts';
import { applyCatalogue } from '../../src/engine/commit-catalogue.ts';
import { decide } from '../../src/engine/decide.ts';
import { catalogueChange, isCatalogueOperation } from '../../src/engine/catalogue-change.ts';
import { RegionState } from '../../src/engine/placement/region-state.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { appointment, command, holdsOf } from '../support/decisions.ts';
import { allDecided, assertWhole } from '../support/engine-invariants.ts';
import {
  accepting,
  openResource,
  runEngine,
  type Accepting,
  type RunningEngine,
} from '../support/engine-parts.ts';
import { at, serviceType } from '../support/placement-region.ts';

let store: TestDatabase;

interface Decided {
  command_id: string;
  operation: Operation;
  appointment_id: string | null;
  payload: unknown;
  if_match: number | null;
  state: string;
  position: number;
  decided_now: number;
  seed: number;
}

const nine = at('2030-06-03T09:00:00Z');

let api: Accepting;
let engine: RunningEngine | undefined;
before(async () => {
  store = await freshDatabase();
  api = accepting(store);
  engine = await runEngine(store.url);
});
after(async () => {
  await engine?.close();
  await api.close();
  await store.drop();
});

/** Bookings that compete for lanes, cancellations between them, and resources that change. */
async function busyDay(): Promise<void> {
  const ids: string[] = [];
  const main = { id: 'main', name: 'Main', timeZone: 'UTC', region: 'default', active: true };
  await api.put('put-location', { ...main, latitude: null, longitude: null });
  for (let round = 0; round < 8; round += 1) {
    const changes = { capacity: 1 + (round % 4), bufferAfterSeconds: 300 * (round % 2) };
    await api.put('put-resource', openResource(`r${round % 3}`, changes));
    const wanted = Array.from({ length: 12 }, (_, index) => {
      const start = nine + ((round * 5 + index * 7) % 10) * 1_200;
      const requestedResourceId = index % 5 === 0 ? 'r0' : null;
      return { start, end: start + 1_800 + 600 * (index % 3), requestedResourceId };
    });
    ids.push(...(await api.create(...wanted)));
    for (const old of ids.slice(round * 6, round * 6 + 4)) {
      // One that was refused cannot be cancelled any more.
      await api.act(old, 'cancel').catch(() => undefined);
    }
    if (round % 2 === 0) await allDecided(store);
  }
  await allDecided(store);
}

/** The appointment as the decision found it: its history before the version that it made. */
async function asFound({ command_id, appointment_id }: Decided): Promise<Appointment> {
  const [row] = await store.query<{
    version: number;
    state: AppointmentState;
    start_s: number;
    end_s: number;
    requested_resource_id: string | null;
  }>(
    `SELECT h.version, h.to_state AS state, date_part('epoch', h.start_at)::int8 AS start_s,
      date_part('epoch', h.end_at)::int8 AS end_s, a.requested_resource_id
    FROM appointment_history h JOIN appointments a USING (tenant_id, appointment_id)
    WHERE h.appointment_id = $1 AND h.version < coalesce((SELECT max(version)
        FROM appointment_history WHERE command_id = $2 AND version > 1), 1000000)
    ORDER BY h.version DESC LIMIT 1`,
    [appointment_id, command_id],
  );
  assert.ok(row && appointment_id !== null);
  const { version, state, start_s: start, end_s: end } = row;
  const requestedResourceId = row.requested_resource_id;
  return appointment(appointment_id, { version, state, start, end, requestedResourceId });
}

async function replay(): Promise<RegionState> {
  const region = new RegionState();
  for (const code of ['consultation', 'pickup']) region.putServiceType(serviceType(code));
  const lanes = await store.query<{ resource_id: string; lane_id: number }>(
    'SELECT resource_id, lane_id FROM lanes ORDER BY resource_id, ordinal',
  );
  const decided = await store.query<Decided>(
    `SELECT command_id, operation, appointment_id, payload, if_match, state, position, decided_now,
      seed FROM commands WHERE decided_region = 'default' ORDER BY position`,
  );
  for (const row of decided) {
    const { command_id: id, operation, payload, position, seed } = row;
    if (isCatalogueOperation(operation)) {
      if (row.state === 'refused') continue;
      const change = catalogueChange(region, command(operation, null, { payload }));
      const own = change.kind === 'resource' ? change.resource.id : undefined;
      const all = lanes.filter((lane) => lane.resource_id === own).map((lane) => lane.lane_id);
      applyCatalogue(region, change, { lanes: all });
      continue;
    }
    const about: Partial<PendingCommand> = { id, payload, ifMatch: row.if_match };
    const again = decide(region, command(operation, await asFound(row), about), {
      ...{ now: row.decided_now, region: 'default', position, seed, sagaId: id },
    });
    assert.equal(again.state, row.state, `position ${position}: ${operation}`);
  }
  return region;
}

test('what is stored of the decisions is enough to make all of them again', async () => {
  await busyDay();
  await assertWhole(store);
  const outcomes = await store.query(
    `SELECT DISTINCT operation, state FROM commands WHERE operation NOT LIKE 'put-%'`,
  );
  assert.ok(outcomes.length >= 3, 'bookings taken and refused, and cancellations');
  const region = await replay();
  const stored = await store.query(
    `SELECT appointment_id, lane_id, resource_id, date_part('epoch', busy_start_at)::int8 AS busy_s,
      date_part('epoch', busy_end_at)::int8 AS until_s, pin
    FROM slot_holds ORDER BY appointment_id`,
  );
  const held = [...region.holds.values()]
    .map((hold) => ({
      appointment_id: hold.appointmentId,
      lane_id: hold.laneId,
      resource_id: hold.resourceId,
      busy_s: hold.start - hold.bufferBefore,
      until_s: hold.end + hold.bufferAfter,
      pin: hold.pin,
    }))
    .sort((a, b) => (a.appointment_id < b.appointment_id ? -1 : 1));
  assert.deepEqual(held, stored);
  assert.ok(held.length > 10);
  assert.deepEqual(holdsOf(await replay()), holdsOf(region), 'as often as one likes');
});
