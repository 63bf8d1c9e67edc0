import { isLoopback } from './loopback.ts';
import type { SettingValue } from './setting-values.ts';

/** Issuers exactly as their tokens name them: a slash at the end is part of the name. */
export const issuerList: SettingValue<readonly string[]> = {
  expected: 'a comma-separated list of https URLs without query (http on loopback only), each once',
  parse: (value) => {
    const issuers = value.split(',').map((part) => part.trim());
    const isList = issuers.every(isIssuer) && new Set(issuers).size === issuers.length;
    return isList ? issuers : undefined;
  },
};

function isIssuer(text: string): boolean {
  if (!/^https?:\/\/[\x21-\x7e]+$/.test(text) || /[?#]/.test(text) || !URL.canParse(text)) {
    return false;
  }
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || isLoopback(hostname);
}
