import { Option, type Command } from 'commander';
import { parseSettings, type Environment } from '../contract/settings.ts';
import { HttpClient } from '../io/http-client.ts';
import { readSecret } from '../io/data-folder.ts';
import { Failure } from './failure.ts';
import { wholeNumberOption } from './whole-number-option.ts';

export interface ServiceOptions {
  url?: string;
  key?: string;
}

export interface ConnectionOptions extends ServiceOptions {
  concurrency: number;
}

/** `--url` and `--key`, for every command that speaks HTTP. */
export function addServiceOptions(command: Command): Command {
  return command
    .option('--url <url>', 'the service (default: from HOST and PORT)')
    .option('--key <key>', 'an API key (default: SLOTWRIGHT_API_KEY, else the data folder)');
}

/** The same and `--concurrency`. */
export function addConnectionOptions(
  command: Command,
  { concurrency }: { concurrency: number },
): Command {
  return addServiceOptions(command).addOption(
    new Option('--concurrency <n>', 'requests at a time')
      .default(concurrency)
      .argParser(wholeNumberOption(1, 256)),
  );
}

/** Above the longest time for which the service holds an answer. */
const TIMEOUT_MS = 40_000;

export async function connect(
  options: ServiceOptions & Partial<ConnectionOptions>,
  environment: Environment,
): Promise<HttpClient> {
  const settings = parseSettings(ofClients(environment));
  const url = options.url ?? `http://${reachable(settings.host)}:${settings.port}`;
  if (!URL.canParse(url) || !/^https?:\/\//.test(url)) {
    throw new Failure(`--url must be an http or https URL, not "${url}"`, { exitStatus: 2 });
  }
  const key = options.key ?? settings.apiKey ?? (await readSecret(settings.dataFolder, 'api-key'));
  if (key === undefined || key === '') {
    throw new Failure(
      `no API key: give --key, set SLOTWRIGHT_API_KEY, or name the data folder in SLOTWRIGHT_DATA`,
    );
  }
  const maxConnections = options.concurrency ?? 1;
  return new HttpClient({ url, key, maxConnections, timeoutMs: TIMEOUT_MS });
}

/** A client is not stopped by what concerns the service alone. */
function ofClients(environment: Environment): Environment {
  const concerns = /^(HOST|PORT|SLOTWRIGHT_(?!ROLES$|MODE$).*)$/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => concerns.test(name)));
}

/** An address to connect to, for one that is listened on. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
