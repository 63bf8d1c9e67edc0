import type { SettingValue } from './setting-values.ts';

/** Ranges of addresses and `host:port` that may be called although they are private. */
export const egressList: SettingValue<readonly string[]> = {
  expected: 'a comma-separated list of CIDRs or host:port, as in "10.1.0.0/16,radicale:5232"',
  parse: (text) => {
    const entries = text.split(',').map((part) => part.trim());
    return entries.every((part) => isRange(part) || isEndpoint(part)) ? entries : undefined;
  },
};

function isRange(text: string): boolean {
  const [, address = '', bits = ''] = /^([0-9a-fA-F:.]+)\/(\d{1,3})$/.exec(text) ?? [];
  if (address.includes(':')) return Number(bits) <= 128 && URL.canParse(`http://[${address}]/`);
  const bytes = /^\d{1,3}(\.\d{1,3}){3}$/.test(address) ? address.split('.') : [];
  return bytes.length === 4 && bytes.every((byte) => Number(byte) <= 255) && Number(bits) <= 32;
}

function isEndpoint(text: string): boolean {
  const port = Number(/^(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/.exec(text)?.[1]);
  return port > 0 && port <= 65_535 && URL.canParse(`http://${text}/`);
}
