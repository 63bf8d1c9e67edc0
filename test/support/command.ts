import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { runCommand } from '../../src/cli/main.ts';
import { systemClock } from '../../src/io/clock.ts';
import { systemRandom } from '../../src/io/random.ts';
import { noProgress } from '../../src/io/terminal.ts';

export interface Request {
  method: string;
  path: string;
  key: string | undefined;
  body: Record<string, unknown>;
}
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** A server that answers as the test says and keeps what it was asked. */
export async function serve(t: TestContext, answer: (request: Request, index: number) => Reply) {
  const requests: Request[] = [];
  const server = createServer((message, response) => {
    void read(message).then((request) => {
      const { status, headers, body } = answer(request, requests.push(request) - 1);
      response.writeHead(status, headers).end(JSON.stringify(body ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => void server.close());
  return { requests, port: String((server.address() as AddressInfo).port) };
}

async function read(message: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const { method = '', url: path = '', headers } = message;
  const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  return { method, path, key: headers.authorization, body };
}

/** A file in a folder that goes with the test. */
export function file(t: TestContext, name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'slotwright-cli-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

/** Runs a command in this process, without pauses; answers what it said. */
export async function run(args: string[], environment: Record<string, string> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const written: string[] = [];
  const terminal = {
    print: (text: string) => void out.push(text),
    complain: (text: string) => void err.push(text),
    write: (text: string) => Promise.resolve(void written.push(text)),
    progress: () => noProgress,
  };
  const clock = { ...systemClock, sleep: () => Promise.resolve() };
  const shared = { environment, terminal, clock, random: systemRandom };
  const surroundings = { ...shared, account: 'test' };
  const status = await runCommand(args, surroundings);
  return { status, out: out.join('\n'), err: err.join('\n'), written: written.join('') };
}
