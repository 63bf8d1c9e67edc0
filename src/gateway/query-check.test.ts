import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { compileQuery } from './query-check.ts';

const check = compileQuery(
  Type.Object(
    {
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
      location: Type.Optional(Type.String({ minLength: 1 })),
      force: Type.Optional(Type.Boolean()),
    },
    { additionalProperties: false },
  ),
);

function found(search: string): string[] {
  return check(search).violations.map(({ parameter, code }) => `${parameter} ${code}`);
}

test('parameters are decoded and converted to what the schema declares', () => {
  const { query, violations } = check('limit=20&location=Caf%C3%A9+1%2B1&&force=true');
  assert.deepEqual({ ...query }, { limit: 20, location: 'Café 1+1', force: true });
  assert.deepEqual(violations, []);
});

test('every violation carries the name of its parameter', () => {
  assert.deepEqual(found('limit=201&location=&force=yes&x/y=1'), [
    'x/y unknown-member',
    'limit out-of-range',
    'location too-short',
    'force type',
  ]);
});

test('a parameter given twice, not decodable, or with NUL is one violation', () => {
  assert.deepEqual(found('limit=1&limit=2'), ['limit repeated']);
  assert.deepEqual(found('location=%ff'), ['location encoding']);
  assert.deepEqual(found('location=a%00'), ['location nul-character']);
  assert.deepEqual(found('__proto__=1'), ['__proto__ unknown-member']);
});

test('without a schema there are no parameters', () => {
  const { violations } = compileQuery()('a=1');
  assert.deepEqual(
    violations.map(({ parameter }) => parameter),
    ['a'],
  );
});
