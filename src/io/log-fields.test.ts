import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onlyListed } from './log-fields.ts';

test('a field that is not listed is left out of the line, which names it', () => {
  const listed = { tenant: 'default', attempts: 3 };
  assert.equal(onlyListed(listed), listed);
  const fields = { ...listed, email: 'ada@example.org', toString: 'x' };
  assert.deepEqual(onlyListed(fields), { ...listed, left_out: ['email', 'toString'] });
});
