import { createHash } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tell } from './ground.js';

/**
 * Runs `work` while no other process does so for this folder. The turn is a listening socket,
 * which ends with its process however that dies, so there is nothing stale to clear.
 */
export async function oneAtATime(folder, work) {
  const { dev, ino } = statSync(folder);
  const id = createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 24);
  const name = `slotwright-setup-${id}`;
  const abstract = process.platform === 'linux';
  const address = abstract ? `\0${name}` : path.join(os.tmpdir(), name);
  let server = await listen(address);
  if (!server) tell('waiting for another set-up of this folder');
  while (!server) {
    await sleep(200);
    if (!abstract && !(await answers(address))) rmSync(address, { force: true });
    server = await listen(address);
  }
  try {
    return await work();
  } finally {
    server.close();
  }
}

function listen(address) {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once('error', (error) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(address, () => resolve(server));
  });
}

function answers(address) {
  return new Promise((resolve) => {
    const socket = net.connect(address);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
  });
}
