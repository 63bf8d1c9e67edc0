import { BlockList, isIP } from 'node:net';

// IANA's registries of special-purpose addresses: whatever is not globally reachable.
const special4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16'],
  ...['198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
];
// Within 2000::/3, outside of which nothing is global. Teredo and 6to4 lead to IPv4 addresses.
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const special = addressRanges([...special4, ...special6]);
const global6 = addressRanges(['2000::/3']);

export function addressRanges(cidrs: readonly string[]): BlockList {
  const ranges = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/');
    ranges.addSubnet(address, Number(bits), familyOf(address));
  }
  return ranges;
}

export function isInRanges(ranges: BlockList, address: string): boolean {
  return isIP(address) !== 0 && ranges.check(address, familyOf(address));
}

/** Whether an address is reachable by everybody: not private, loopback, link-local or reserved. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !isInRanges(special, address);
    case 6:
      return isInRanges(global6, address) && !isInRanges(special, address);
    default:
      return false;
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
