import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsInForce } from './config.ts';

function valueOf(name: string, environment: Record<string, string>): string | undefined {
  return settingsInForce(environment).find((row) => row.name === name)?.value;
}

test('what is in force is told with where it comes from', () => {
  const rows = settingsInForce({ PORT: '8081', SLOTWRIGHT_EXAMPLE: '0' });
  const of = (name: string) => rows.find((row) => row.name === name);
  assert.deepEqual(of('PORT'), { name: 'PORT', value: '8081', source: 'environment' });
  assert.equal(of('SLOTWRIGHT_EXAMPLE')?.value, '0');
  assert.deepEqual(of('HOST'), { name: 'HOST', value: '127.0.0.1', source: 'default' });
  assert.equal(of('SLOTWRIGHT_ROLES')?.value, 'gateway,api,engine,worker,relay');
});

test('a key is masked wholly', () => {
  const key = 'abcdefghijklmnop';
  assert.equal(valueOf('SLOTWRIGHT_API_KEY', { SLOTWRIGHT_API_KEY: key }), '***');
  assert.equal(valueOf('INTERNAL_SECRET', { INTERNAL_SECRET: key }), '***');
});

test('of a URL only its passwords are masked', () => {
  const shown: Record<string, string> = {
    'postgres://me:secret@db:5432/a': 'postgres://me:***@db:5432/a',
    'postgres://me:se@cret@db/a': 'postgres://me:***@db/a',
    'postgres://me:a:b@db/a': 'postgres://me:***@db/a',
    'postgres://me@db/a': 'postgres://me@db/a',
    'postgres:///a?host=/run&password=secret': 'postgres:///a?host=/run&password=***',
  };
  for (const [url, masked] of Object.entries(shown)) {
    assert.equal(valueOf('DATABASE_URL', { DATABASE_URL: url }), masked);
  }
  const smtp = { SMTP_URL: 'smtps://u:secret@mail', MAIL_FROM: 'a@b.example' };
  assert.equal(valueOf('SMTP_URL', smtp), 'smtps://u:***@mail');
  const bus = { BUS_URL: 'amqps://u:secret@bus/v?password=secret' };
  assert.equal(valueOf('BUS_URL', bus), 'amqps://u:***@bus/v?password=***');
});
