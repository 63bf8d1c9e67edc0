import type { Command } from 'commander';
import { parseSettings, settings, type Environment, type Settings } from '../contract/settings.ts';
import type { Surroundings } from './surroundings.ts';

interface Row {
  name: string;
  value: string;
  source: 'environment' | 'default';
}

export function addConfig(program: Command, { environment, terminal }: Surroundings): void {
  program
    .command('config')
    .description('Print the settings in force, secrets masked.')
    .option('--json', 'as a JSON object by variable')
    .action(({ json }: { json?: boolean }) => {
      const rows = settingsInForce(environment);
      const byName = Object.fromEntries(rows.map(({ name, ...rest }) => [name, rest]));
      terminal.print(json ? JSON.stringify(byName) : told(rows));
    });
}

/** Every variable with its value as it may be shown. Throws a `SettingsError`. */
export function settingsInForce(environment: Environment): Row[] {
  const inForce = parseSettings(environment);
  return Object.entries(settings).map(([member, { name, ...rest }]) => {
    const value = shown(inForce[member as keyof Settings]);
    const secret = 'secret' in rest ? rest.secret : undefined;
    const source = (environment[name] ?? '') === '' ? 'default' : 'environment';
    return { name, value: masked(value, secret), source };
  });
}

function shown(value: Settings[keyof Settings]): string {
  if (value === undefined) return '';
  if (typeof value === 'boolean') return value ? '1' : '0';
  return typeof value === 'object' ? value.join(',') : String(value);
}

function masked(value: string, secret: 'whole' | 'password' | undefined): string {
  if (secret === undefined || value === '') return value;
  if (secret === 'whole') return '***';
  // Everything up to the last @ before the path: a password may hold an @ that nobody escaped.
  return value
    .replace(/^([a-z]+:\/\/)([^/?#]*)@/, (_, scheme: string, user: string) => {
      const [name] = user.split(':');
      return `${scheme}${name}${user.includes(':') ? ':***' : ''}@`;
    })
    .replace(/([?&][^=&]*(?:password|secret|key)[^=&]*=)[^&#]*/gi, '$1***');
}

function told(rows: Row[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows
    .map(({ name, value, source }) => {
      const set = source === 'environment' ? '  (set)' : '';
      return `${name.padEnd(width)}  ${value === '' ? '-' : value}${set}`;
    })
    .join('\n');
}
