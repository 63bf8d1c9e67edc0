import assert from 'node:assert/strict';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { after, afterEach, before, test } from 'node:test';
import { eventually } from '../eventually.ts';
import { startFaultProxy, type FaultProxy } from '../fault-proxy.ts';

// Answers every line with "did <line>", and remembers what it did.
const done: string[] = [];
const peer = createServer((socket) => {
  socket.on('error', () => undefined);
  createInterface({ input: socket }).on('line', (line) => {
    done.push(line);
    socket.write(`did ${line}\n`);
  });
});
let proxy: FaultProxy;
let url: string;
const clients = new Set<Client>();

before(async () => {
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
  url = `tcp://127.0.0.1:${(peer.address() as AddressInfo).port}`;
  proxy = await startFaultProxy(url);
});
afterEach(() => {
  for (const client of clients) client.socket.destroy();
  clients.clear();
  proxy.heal();
});
after(async () => {
  await proxy.close();
  await new Promise((resolve) => peer.close(resolve));
});

class Client {
  readonly socket: Socket;
  heard = '';
  ended: string | undefined;

  constructor(port = proxy.port) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setEncoding('utf8').on('data', (text) => (this.heard += String(text)));
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.ended = error.code));
    this.socket.on('end', () => (this.ended ??= 'end'));
    clients.add(this);
  }

  async ask(line: string): Promise<string> {
    this.heard = '';
    this.socket.write(`${line}\n`);
    await eventually(() => this.heard.endsWith('\n'));
    return this.heard;
  }
}

test('without faults all gets through, on one connection and on many', async () => {
  const client = new Client();
  assert.equal(await client.ask('a'), 'did a\n');
  assert.equal(await client.ask('b'), 'did b\n');
  assert.equal(await new Client().ask('c'), 'did c\n');
});

test('a reset is heard by the client alone, at its first word', async () => {
  proxy.use({ kind: 'reset' });
  const client = new Client();
  client.socket.write('never\n');
  await eventually(() => client.ended === 'ECONNRESET');
  assert.ok(!done.includes('never'));
});

test('a refusing port refuses new connections, ends the old ones, and takes them again', async () => {
  const old = new Client();
  await old.ask('before');
  proxy.use({ kind: 'refuse' });
  await eventually(() => old.ended !== undefined);
  const refused = new Client();
  await eventually(() => refused.ended === 'ECONNREFUSED');
  proxy.heal();
  assert.equal(await eventually(() => new Client().ask('again')), 'did again\n');
});

test('a black hole accepts, says nothing, and never asks the peer', async () => {
  proxy.use({ kind: 'blackhole' });
  const client = new Client();
  client.socket.write('into-the-hole\n');
  await eventually(() => client.socket.readyState === 'open');
  await eventually(() => (proxy.counts().struck.blackhole ?? 0) > 0);
  assert.deepEqual([client.heard, client.ended], ['', undefined]);
  assert.ok(!done.includes('into-the-hole'));
  proxy.heal();
  await eventually(() => client.ended !== undefined);
});

test('half-open on the way back: the peer does what the client never hears of', async () => {
  const client = new Client();
  await client.ask('first');
  proxy.use({ kind: 'half-open', flow: 'down' });
  client.heard = '';
  client.socket.write('unheard\n');
  await eventually(() => done.includes('unheard'));
  proxy.heal();
  await eventually(() => client.ended !== undefined);
  assert.equal(client.heard, '');
});

test('half-open on the way out: the peer hears nothing, and what follows is lost as well', async () => {
  const client = new Client();
  await client.ask('first');
  proxy.use({ kind: 'half-open', flow: 'up' });
  client.socket.write('lost\n');
  await eventually(() => (proxy.counts().struck['half-open'] ?? 0) > 1);
  proxy.use();
  client.socket.write('lost too\n');
  assert.equal(await new Client().ask('other'), 'did other\n');
  assert.ok(!done.some((line) => line.startsWith('lost')));
});

for (const then of ['reset', 'hang'] as const) {
  test(`an answer is dropped after the request was done, and the client sees a ${then}`, async () => {
    proxy.use({ kind: 'answer-dropped', then });
    const client = new Client();
    client.socket.write(`dropped-${then}\n`);
    await eventually(() => done.includes(`dropped-${then}`));
    if (then === 'reset') await eventually(() => client.ended === 'ECONNRESET');
    else assert.equal(client.ended, undefined);
    assert.equal(client.heard, '');
  });
}

test('an answer is cut after so many bytes', async () => {
  proxy.use({ kind: 'answer-cut', afterBytes: 5 });
  const client = new Client();
  client.socket.write('cut\n');
  await eventually(() => client.ended === 'ECONNRESET');
  assert.ok('did cut\n'.startsWith(client.heard) && client.heard.length <= 5, client.heard);
  assert.ok(done.includes('cut'));
});

test('an answer can be given in the place of the peer', async () => {
  proxy.use({ kind: 'answered', with: 'no such luck\n' });
  assert.equal(await new Client().ask('asked'), 'no such luck\n');
  assert.ok(!done.includes('asked'));
});

test('latency and bandwidth keep all bytes and their order, and hold them for as long as said', async () => {
  for (const fault of [
    { kind: 'latency', ms: 40, flow: 'down' },
    { kind: 'latency', ms: 20 },
    { kind: 'bandwidth', bytesPerSecond: 200_000 },
  ] as const) {
    proxy.use(fault);
    const client = new Client();
    const line = 'x'.repeat(3_000);
    const startedMs = performance.now();
    assert.ok((await client.ask(line)) === `did ${line}\n`, fault.kind);
    // A lower bound: how much later timers fire on a busy machine is no matter.
    assert.ok(performance.now() - startedMs >= 28, fault.kind);
  }
});

test('lots are drawn per exchange from the seed, also on a kept connection', async () => {
  const runs: string[] = [];
  for (const seed of [7, 7, 8]) {
    const seededProxy = await startFaultProxy(url, { seed });
    seededProxy.use({ fault: { kind: 'latency', ms: 1 }, probability: 0.5 });
    const client = new Client(seededProxy.port);
    const struck: number[] = [];
    for (let i = 0; i < 24; i += 1) {
      await client.ask(`s${i}`);
      struck.push(seededProxy.counts().struck.latency ?? 0);
    }
    const { connections, exchanges } = seededProxy.counts();
    assert.deepEqual([connections, exchanges], [1, 24]);
    assert.ok((struck.at(-1) ?? 0) > 4 && (struck.at(-1) ?? 0) < 20);
    runs.push(struck.join());
    await seededProxy.close();
  }
  assert.equal(runs[0], runs[1]);
  assert.notEqual(runs[0], runs[2]);
});

test('one connection is struck alone, and bytes are counted both ways', async () => {
  const one = new Client();
  await one.ask('one');
  const other = new Client();
  await other.ask('other');
  const before = proxy.counts().bytes;
  proxy.connections().at(-1)?.use({ kind: 'reset' });
  other.socket.write('x\n');
  await eventually(() => other.ended === 'ECONNRESET');
  assert.equal(await one.ask('still'), 'did still\n');
  const { up, down } = proxy.counts().bytes;
  assert.deepEqual([up - before.up, down - before.down], [6, 10]);
});
