import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../../bin/slotwright.js', import.meta.url));

export interface Launched {
  status: number | null;
  out: string;
  err: string;
}

/** Runs the real launcher in a process of its own, which has no other settings than those given. */
export async function launch(
  args: readonly string[],
  { env = {}, input = '' }: { env?: Record<string, string>; input?: string } = {},
): Promise<Launched> {
  const { PATH, HOME } = process.env;
  const settings = { PATH, HOME, SLOTWRIGHT_DATA: '/nowhere', ...env };
  const child = spawn(process.execPath, [launcher, ...args], { env: settings });
  child.stdin.on('error', () => undefined).end(input);
  const launched: Launched = { status: null, out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (launched.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (launched.err += text));
  launched.status = await new Promise((resolve) => child.once('close', resolve));
  return launched;
}
