import { spawn } from 'node:child_process';
import os from 'node:os';

const forwarded = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/**
 * Runs a program with our streams and answers its exit status, 128 + n where signal n ended it.
 * Signals are passed on; the one who gets them decides when to end, and we end with it. With
 * `channel`, the child sees the channel close should we die without a word.
 */
export function runNode(node, args, { channel = false, env = process.env, cwd } = {}) {
  const stdio = ['inherit', 'inherit', 'inherit', ...(channel ? ['ipc'] : [])];
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { stdio, env, cwd });
    const pass = (signal) => child.kill(signal);
    for (const signal of forwarded) process.on(signal, pass);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const name of forwarded) process.off(name, pass);
      resolve(code ?? 128 + os.constants.signals[signal]);
    });
  });
}
