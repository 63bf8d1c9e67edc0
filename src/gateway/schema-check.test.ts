import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { compileSchema } from './schema-check.ts';

const closed = { additionalProperties: false };
const slot = Type.Object({ start: Type.Integer(), end: Type.Integer() }, closed);

const check = compileSchema(
  Type.Object(
    {
      name: Type.String({ minLength: 1, maxLength: 3 }),
      slot: Type.Refine(
        slot,
        ({ start, end }) => !(start >= end),
        () => 'slot-order: must start before it ends',
      ),
      note: Type.Optional(Type.Union([Type.String(), Type.Null()])),
      place: Type.Optional(Type.Union([Type.Object({ x: Type.Number() }, closed), Type.Null()])),
      kind: Type.Optional(Type.Union([Type.Literal('a'), Type.Literal('b')])),
      days: Type.Optional(Type.Array(Type.String({ pattern: '^x' }), { minItems: 1 })),
    },
    closed,
  ),
);

function found(value: unknown): string[] {
  return check(value).map(({ pointer, code }) => `${pointer} ${code}`);
}

test('a value that fits has no violations', () => {
  assert.deepEqual(found({ name: 'ab', slot: { start: 1, end: 2 }, note: null, kind: 'b' }), []);
});

test('every violation is named at once, by the pointer of the member it is about', () => {
  const value = JSON.parse(
    '{"slot":{"start":3,"end":2,"z~/1":0},"place":{"x":"1","q":2},"days":["xa","b",3],"ü%":1}',
  ) as unknown;
  assert.deepEqual(found(value).sort(), [
    '/days/1 format',
    '/days/2 type',
    '/name required',
    '/place/q unknown-member',
    '/place/x type',
    '/slot/z~0~11 unknown-member',
    '/ü% unknown-member',
  ]);
});

test('a rule in code is asked about what has the right shape', () => {
  assert.deepEqual(found({ name: 'a', slot: { start: 3, end: 3 } }), ['/slot slot-order']);
});

test('more violations than the library lists by itself are listed', () => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`m${index}`, 1]));
  assert.equal(found({ name: 'a', slot: { start: 1, end: 2 }, ...many }).length, 40);
});

test('a value that fits no branch of a union is one violation', () => {
  const value = { name: 'a', slot: { start: 1, end: 2 }, note: 4, kind: 'c', place: 1 };
  assert.deepEqual(found(value), ['/note type', '/place type', '/kind type']);
});

test('lengths count code points', () => {
  const named = (name: string) => found({ name, slot: { start: 1, end: 2 } });
  assert.deepEqual(named('😀😀😀'), []);
  assert.deepEqual(named('😀😀😀😀'), ['/name too-long']);
  assert.deepEqual(named(''), ['/name too-short']);
});
