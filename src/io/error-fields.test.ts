import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorFields, withoutValues } from './error-fields.ts';

test('an error is logged with its class, code and frames, and once with its message', () => {
  const error = Object.assign(new RangeError('too far'), {
    code: 'E_FAR',
    constraint: 'no_overlap',
  });
  const { stack, ...fields } = errorFields(error);
  const expected = {
    name: 'RangeError',
    message: 'too far',
    code: 'E_FAR',
    constraint: 'no_overlap',
  };
  assert.deepEqual(fields, expected);
  assert.match(String(stack), /^RangeError\n {4}at .+error-fields\.test\.ts/);
  assert.ok(!String(stack).includes('too far'));
});

test('what is thrown but is no error is logged as a text', () => {
  assert.deepEqual(errorFields('gone: a.b@example.org'), { message: 'gone: [address]' });
});

test('what a data exception of the database quotes is taken out, a name elsewhere is not', () => {
  const data = Object.assign(new Error('invalid input syntax for type uuid: "Ada Lovelace"'), {
    code: '22P02',
    detail: 'Failing row contains (Ada Lovelace).',
  });
  assert.ok(!JSON.stringify(errorFields(data)).includes('Lovelace'));
  const name = Object.assign(new Error('relation "absences" does not exist'), { code: '42P01' });
  assert.equal(errorFields(name)['message'], 'relation "absences" does not exist');
});

test('addresses, numbers and credentials of URLs are taken out of a text', () => {
  assert.equal(
    withoutValues('550 5.1.1 <ada@example.org>: user unknown'),
    '550 5.1.1 <[address]>: user unknown',
  );
  assert.equal(withoutValues('no answer from +49 (30) 1234-567'), 'no answer from [number]');
  assert.equal(withoutValues('amqp://me:secret@mq:5672 refused'), 'amqp://…@mq:5672 refused');
  assert.equal(
    withoutValues('connect ECONNREFUSED 127.0.0.1:5432'),
    'connect ECONNREFUSED 127.0.0.1:5432',
  );
  assert.equal(withoutValues('x'.repeat(5_000)).length, 1_000);
});
