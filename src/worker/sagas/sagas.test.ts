import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failpointNames } from '../../io/failpoints.ts';
import { sagas } from './sagas.ts';

test('every step and compensation has a crash point before and after it, no others exist', () => {
  const expected = [...sagas.values()].flatMap(({ kind, steps }) =>
    steps.flatMap(({ name, compensate }) => {
      const names = [name, ...(compensate ? [`${name}.compensate`] : [])];
      return names.flatMap((of) => ['before', 'after'].map((when) => `saga.${kind}.${of}.${when}`));
    }),
  );
  const listed = failpointNames.filter((name) => name.startsWith('saga.'));
  assert.deepEqual([...listed].sort(), expected.sort());
});

test('whoever is called is called again: within limits going forward, for ever going back', () => {
  for (const { steps } of sagas.values()) {
    for (const { compensate, retry } of steps) {
      if (compensate !== undefined) assert.equal(retry, 'bounded');
    }
  }
});
