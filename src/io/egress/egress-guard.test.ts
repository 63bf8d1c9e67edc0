import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallFailure } from '../call-failure.ts';
import { createEgressGuard } from './egress-guard.ts';
import { isPublicAddress } from './public-address.ts';

const names: Record<string, string[]> = {
  'public.example': ['93.184.216.34'],
  'both.example': ['10.0.0.7', '93.184.216.34'],
  'inside.example': ['10.0.0.7'],
  'metadata.example': ['169.254.169.254'],
  'mapped.example': ['::ffff:127.0.0.1'],
  'nowhere.example': [],
};
let asked: string[] = [];
const resolve = (name: string): Promise<string[]> => {
  asked.push(name);
  return Promise.resolve(names[name] ?? []);
};

async function outcome(url: string, allow: string[] = []): Promise<string> {
  const guard = createEgressGuard({ allow, resolve });
  return guard(new URL(url)).catch((error: unknown) => {
    assert.ok(error instanceof CallFailure);
    return `${error.kind} ${error.message}`;
  });
}

test('https to a public address is allowed, and tells the address that was checked', async () => {
  assert.equal(await outcome('https://public.example/cal'), '93.184.216.34');
  assert.equal(await outcome('https://93.184.216.34/cal'), '93.184.216.34');
  assert.equal(await outcome('https://[2606:2800:220:1::1]/'), '2606:2800:220:1::1');
});

test('addresses inside are refused in whatever way they are written', async () => {
  for (const host of [
    ...['127.0.0.1', '2130706433', '0x7f000001', '0177.0.0.1', '127.1', '0', '10.1.2.3'],
    ...['169.254.169.254', '192.168.0.1', '172.16.0.1', '100.64.0.1', '224.0.0.1', '[::1]', '[::]'],
    ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[fe80::1]', '[fd00::1]'],
    // By way of NAT64, 6to4 and Teredo.
    ...['[64:ff9b::7f00:1]', '[2002:7f00:1::]', '[2001:0:7f00:1::]', '255.255.255.255'],
    ...['inside.example', 'metadata.example', 'mapped.example'],
  ]) {
    assert.equal(await outcome(`https://${host}/`), 'refused egress-address', host);
  }
});

test('of a name that leads in and out, the way out is taken', async () => {
  assert.equal(await outcome('https://both.example/'), '93.184.216.34');
});

test('without TLS only what is allowed is reached, and other schemes never', async () => {
  assert.equal(await outcome('http://public.example/'), 'refused egress-scheme');
  assert.equal(await outcome('ftp://public.example/'), 'refused egress-scheme');
  assert.equal(await outcome('file:///etc/passwd'), 'refused egress-scheme');
  assert.equal(await outcome('http://public.example/', ['public.example:80']), '93.184.216.34');
});

test('ranges and endpoints open what is private, and nothing beside', async () => {
  const allow = ['10.0.0.0/24', 'radicale.example:5232', 'fd00::/8', '[::1]:5232'];
  assert.equal(await outcome('http://inside.example:81/', allow), '10.0.0.7');
  assert.equal(await outcome('https://both.example/', allow), '10.0.0.7');
  assert.equal(await outcome('http://[fd00::1]/', allow), 'fd00::1');
  assert.equal(await outcome('http://[::1]:5232/', allow), '::1');
  assert.equal(await outcome('https://[::1]:5233/', allow), 'refused egress-address');
  assert.equal(await outcome('https://10.0.1.1/', allow), 'refused egress-address');
  names['radicale.example'] = ['192.168.7.7'];
  assert.equal(await outcome('http://radicale.example:5232/', allow), '192.168.7.7');
  assert.equal(await outcome('https://radicale.example/', allow), 'refused egress-address');
});

test('a name is resolved once, and one without an address fails', async () => {
  asked = [];
  assert.equal(await outcome('https://nowhere.example/'), 'failed name-not-found');
  assert.deepEqual(asked, ['nowhere.example']);
  const guard = createEgressGuard({ allow: [] });
  await assert.rejects(guard(new URL('https://no-such-host.invalid/')), { kind: 'failed' });
});

test('what is no address is not public', () => {
  for (const text of ['', 'localhost', 'fe80::1%eth0', '1.2.3', '::ffff:8.8.8.8']) {
    assert.equal(isPublicAddress(text), false, text);
  }
});
