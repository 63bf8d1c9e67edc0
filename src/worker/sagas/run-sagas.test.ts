import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failpointNames } from '../../io/failpoints.ts';
import { sagas } from './run-sagas.ts';

test('every step of every saga has a crash point before and after it, and no others exist', () => {
  const expected = [...sagas.values()].flatMap(({ kind, steps }) =>
    steps.flatMap(({ name }) => ['before', 'after'].map((when) => `saga.${kind}.${name}.${when}`)),
  );
  const listed = failpointNames.filter((name) => name.startsWith('saga.'));
  assert.deepEqual([...listed].sort(), expected.sort());
});
