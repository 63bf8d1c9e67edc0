import { spawn } from 'node:child_process';
import { bin, projectRoot, type Service } from './service.ts';

/** Runs `slotwright …` against the service and answers what it reports in JSON. */
export async function command<Report>(service: Service, args: string[]): Promise<Report> {
  const child = spawn(process.execPath, [bin, ...args, '--json'], {
    env: service.environment,
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const status = await new Promise((resolve) => child.once('exit', resolve));
  const text = Buffer.concat(chunks).toString();
  if (status !== 0) throw new Error(`slotwright ${args[0]} ended with ${String(status)}: ${text}`);
  return JSON.parse(text) as Report;
}
