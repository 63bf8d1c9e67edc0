import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { CallFailure } from '../call-failure.ts';
import { addressRanges, isInRanges, isPublicAddress } from './public-address.ts';

export interface EgressGuardOptions {
  /** EGRESS_ALLOW: CIDRs and `host:port`, checked by the settings. */
  allow: readonly string[];
  /** All addresses of a name. */
  resolve?: (name: string) => Promise<readonly string[]>;
}

/**
 * Says to which address a URL of a tenant's may be called, so that nobody makes this service ask
 * what only this service can reach. The caller connects to that very address: a name that resolves
 * to another one a moment later changes nothing.
 *
 * @throws CallFailure `refused` where it may not be called, `failed` where the name has no address
 */
export type EgressGuard = (url: URL) => Promise<string>;

export function createEgressGuard({
  allow,
  resolve = addressesOf,
}: EgressGuardOptions): EgressGuard {
  const ranges = addressRanges(allow.filter((entry) => entry.includes('/')));
  const endpoints = new Set(
    allow.filter((entry) => !entry.includes('/')).map((entry) => endpointOf(`http://${entry}/`)),
  );

  return async (url) => {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') refuse('egress-scheme');
    // The parser has turned decimal, octal and hexadecimal IPv4 into dotted numbers by now.
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const addresses = isIP(host) === 0 ? await resolve(host) : [host];
    if (endpoints.has(endpointOf(url.href))) return first(addresses);
    const allowed = addresses.find((address) => isInRanges(ranges, address));
    if (allowed !== undefined) return allowed;
    // What is said without encryption is for networks of one's own.
    if (url.protocol !== 'https:') refuse('egress-scheme');
    const open = addresses.filter((address) => isPublicAddress(address));
    if (addresses.length > 0 && open.length === 0) refuse('egress-address');
    return first(open);
  };
}

function refuse(reason: string): never {
  throw new CallFailure('refused', reason);
}

function first([address]: readonly string[]): string {
  if (address === undefined) throw new CallFailure('failed', 'name-not-found');
  return address;
}

function endpointOf(href: string): string {
  const { protocol, hostname, port } = new URL(href);
  return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
}

async function addressesOf(name: string): Promise<readonly string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch {
    throw new CallFailure('failed', 'name-not-found');
  }
}
