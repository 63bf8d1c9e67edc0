import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogueProblems } from './catalogue-problems.ts';
import { catalogueRows, type CatalogueRow } from './catalogue-rows.ts';
import type { InputFormat } from './input-rows.ts';

const hours = [{ days: ['mon'], start: '09:00', end: '17:00' }];
const resource = {
  name: 'Desk',
  service_types: ['consultation'],
  locations: ['hall'],
  time_zone: 'Europe/Berlin',
  working_hours: hours,
};

async function* whole(text: string): AsyncGenerator<string> {
  yield await Promise.resolve(text);
}

async function problems(rows: object[]): Promise<string[]> {
  const text = rows.map((row) => JSON.stringify(row)).join('\n');
  const file = await catalogueRows(whole(text), 'ndjson');
  return [...file.problems, ...catalogueProblems(file.rows)];
}

test('one catalogue reads the same as a document, as lines and as a table', async () => {
  const location = { name: 'Hall', time_zone: 'Etc/UTC', latitude: 52.5 };
  const document = {
    service_types: [{ code: 'consultation', name: 'Consultation', active: false }],
    locations: [{ id: 'hall', ...location }],
    resources: [{ id: 'desk', ...resource, capacity: 2 }],
    customers: [],
  };
  const lines = [
    { kind: 'service_type', ...document.service_types[0] },
    { kind: 'location', ...document.locations[0] },
    { kind: 'resource', ...document.resources[0] },
  ];
  const cell = JSON.stringify(hours).replaceAll('"', '""');
  const table = [
    'kind,id,name,active,time_zone,latitude,service_types,locations,working_hours,capacity',
    'service-type,consultation,Consultation,false,,,,,,',
    'location,hall,Hall,,Etc/UTC,52.5,,,,',
    `resource,desk,Desk,,Europe/Berlin,,consultation,hall,"${cell}",2`,
  ].join('\r\n');
  const bare = (rows: CatalogueRow[]) => rows.map(({ where: _, ...row }) => row);
  const read = await catalogueRows(whole(JSON.stringify(document)), 'json');
  assert.deepEqual(catalogueProblems(read.rows), []);
  assert.equal(read.rows[2]?.where, '/resources/0');
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  const ndjson = await catalogueRows(whole(text), 'ndjson');
  assert.deepEqual(bare(ndjson.rows), bare(read.rows));
  const csv = await catalogueRows(whole(table), 'csv');
  assert.deepEqual(bare(csv.rows), bare(read.rows));
});

test('a bad row is named by its line and its member', async () => {
  const good = { kind: 'service_type', code: 'consultation', name: 'Consultation' };
  const found = await problems([
    good,
    { kind: 'resource', id: 'a', ...resource, capacity: 0 },
    { kind: 'resource', id: 'b', ...resource, colour: 'red' },
    { kind: 'resource', id: 'c/d', ...resource },
    { kind: 'location', id: 'e', name: 'E', time_zone: 'Mars/Base' },
    { kind: 'resource', id: 'f', ...resource, breaks: [{ ...hours[0], end: '25:00' }] },
    { kind: 'shop', id: 'g' },
    { kind: 'customer', name: 'no id' },
  ]);
  assert.deepEqual(found.sort(), [
    'line 2: /capacity must be >= 1',
    'line 3: /colour is not a member',
    'line 4: /id is not well-formed',
    'line 5: /time_zone "Mars/Base" is not a time zone',
    'line 6: /breaks/0/end must be HH:MM from 00:00 to 24:00',
    'line 7: /kind must be one of service_type, location, resource, customer',
    'line 8: /id must be a string',
  ]);
});

test('two rows of one id are refused, for either could win', async () => {
  const id = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11';
  const found = await problems([
    { kind: 'customer', id, name: 'A' },
    { kind: 'customer', id: id.toLowerCase(), name: 'B' },
  ]);
  assert.deepEqual(found, [`line 2: customer ${id.toLowerCase()} is at line 1 too`]);
});

test('a line is read as strictly as the body of a request', async () => {
  const text = [
    '{"kind":"service_type","code":"a","name":"A"}',
    '{"kind":"service_type","code":"b","name":"B","name":"C"}',
    '{"kind":',
    '["service_type"]',
    '',
    '{"kind":"service_type","code":"c","name":"\\u0000"}',
  ].join('\n');
  const file = await catalogueRows(whole(text), 'ndjson');
  const lines = file.problems.map((line) => line.slice(0, 7));
  assert.deepEqual(lines, ['line 2:', 'line 3:', 'line 4:', 'line 6:']);
});

test('a document of another shape is refused whole', async () => {
  const read = (text: string, format: InputFormat) => catalogueRows(whole(text), format);
  await assert.rejects(read('{"shops": []}', 'json'), /^Failure: \/shops/);
  await assert.rejects(read('{"resources": {}}', 'json'), /\/resources must be an array/);
  await assert.rejects(read('{"resources": [}', 'json'), /not a catalogue/);
  await assert.rejects(read('kind,id\nlocation', 'csv'), /^Failure: not CSV: .*line 2/);
});

test('appointments of an export are passed over and counted', async () => {
  const text = '{"kind":"appointment","id":"x"}\n{"kind":"location","id":"hall"}';
  const { rows, problems: wrong, passedOver } = await catalogueRows(whole(text), 'ndjson');
  assert.deepEqual([rows.length, wrong, passedOver], [1, [], 1]);
});
