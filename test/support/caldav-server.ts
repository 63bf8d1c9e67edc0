import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchCalendarObjects } from 'tsdav';
import { eventually } from './eventually.ts';

export interface CaldavServer {
  /** Of the server, without a path. */
  url: string;
  /** Of an empty calendar. */
  path: string;
  credentials: { username: string; password: string };
  /** Puts a resource into the calendar, as some other client would. */
  put(name: string, text: string): Promise<void>;
  /** The texts of all that the calendar holds, as another library sees it. */
  texts(): Promise<string[]>;
  stop(): Promise<void>;
}

interface Recipe {
  path: string;
  arguments: (place: { folder: string; port: number }) => string[];
  prepare?: (folder: string) => Promise<void>;
}

const credentials = { username: 'user', password: 'its-secret' };

const recipes = {
  radicale: {
    path: '/user/office/',
    arguments: ({ folder, port }) => [
      ...['--config', '', '--server-hosts', `127.0.0.1:${port}`],
      ...['--auth-type', 'htpasswd', '--auth-htpasswd-encryption', 'plain'],
      ...['--auth-htpasswd-filename', join(folder, 'users')],
      ...['--storage-filesystem-folder', join(folder, 'data'), '--logging-level', 'critical'],
    ],
    prepare: (folder) =>
      writeFile(join(folder, 'users'), `${credentials.username}:${credentials.password}\n`),
  },
  // It knows no authentication: whoever reaches it is its user.
  xandikos: {
    path: '/user/calendars/calendar/',
    arguments: ({ folder, port }) => [
      ...['-d', join(folder, 'data'), '--defaults', '-l', '127.0.0.1', '-p', String(port)],
      ...['--current-user-principal', '/user/'],
    ],
  },
} satisfies Record<string, Recipe>;

export type CaldavServerName = keyof typeof recipes;

const authorization = `Basic ${Buffer.from('user:its-secret').toString('base64')}`;

/** A server of a file's own on a free port, with its data in a temporary folder. */
export async function startCaldavServer(
  name: CaldavServerName,
  command: string,
): Promise<CaldavServer> {
  const recipe: Recipe = recipes[name];
  const folder = await mkdtemp(join(tmpdir(), `slotwright-${name}-`));
  await recipe.prepare?.(folder);
  const port = await freePort();
  const child = spawn(command, recipe.arguments({ folder, port }), { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const calendarUrl = `${url}${recipe.path}`;
  const send = (href: string, init: RequestInit): Promise<Response> =>
    fetch(href, { ...init, headers: { ...init.headers, authorization } });
  try {
    await eventually(() => answers(child, () => send(url, { method: 'OPTIONS' })), 30_000);
    if (name === 'radicale') await send(calendarUrl, { method: 'MKCALENDAR' });
  } catch (error) {
    await stop(child, folder);
    throw error;
  }
  return {
    url,
    path: recipe.path,
    credentials,
    put: async (resource, text) => {
      const headers = { 'content-type': 'text/calendar' };
      const { status } = await send(calendarUrl + resource, { method: 'PUT', headers, body: text });
      if (status > 204) throw new Error(`PUT of ${resource} answers ${status}`);
    },
    texts: async () => {
      const objects = await fetchCalendarObjects({
        calendar: { url: calendarUrl },
        headers: { authorization },
        useMultiGet: false,
      });
      return objects.map(({ data }) => String(data));
    },
    stop: () => stop(child, folder),
  };
}

async function answers(child: ChildProcess, ask: () => Promise<Response>): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
  return (await ask()).status < 500;
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await ended;
  await rm(folder, { recursive: true, force: true });
}

async function freePort(): Promise<number> {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as AddressInfo;
  await new Promise((resolve) => holder.close(resolve));
  return port;
}
