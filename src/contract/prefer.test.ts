import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePrefer } from './prefer.ts';

const cases: [header: string | undefined, waitSeconds: number | undefined][] = [
  [undefined, undefined],
  ['', undefined],
  ['wait=10', 10],
  ['wait="10"', 10],
  ['WAIT = 10', 10],
  ['wait=0', 0],
  ['wait=31', 30],
  ['wait=99999999999999999999', 30],
  ['respond-async, wait=10', 10],
  ['respond-async;x="a, wait=9", wait=10; foo=bar', 10],
  ['return=minimal,wait=5,wait=6', 5],
  ['wait', undefined],
  ['wait=', undefined],
  ['wait=-1', undefined],
  ['wait=1.5', undefined],
  ['wait=ten', undefined],
  ['wait=10 20', undefined],
  ['waiting=10', undefined],
  ['x-wait=10', undefined],
  ['"wait=10', undefined],
  [`wait=10, ${'x'.repeat(2_000)}`, undefined],
];

for (const [header, waitSeconds] of cases) {
  const shown = header === undefined ? 'no header' : JSON.stringify(header.slice(0, 60));
  test(`${shown} asks for ${waitSeconds ?? 'no'} seconds of waiting`, () => {
    assert.equal(parsePrefer(header).waitSeconds, waitSeconds);
  });
}
