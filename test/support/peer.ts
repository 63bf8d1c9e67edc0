/** What a suite against another system needs to know about it. */
export interface Peer {
  /** Empty where the peer is missing; the suite is skipped then, or fails. */
  url: string;
  /** For `describe(title, { skip: peer.skip }, …)`: false, or the reason with its remedy. */
  skip: string | false;
}

/**
 * The system that `npm test` found, or installed and started, under this name (one row each in
 * scripts/peers.js).
 *
 * @throws where it is missing and REQUIRE_PEERS is set: a suite must not pass unseen
 */
export function peer(name: string): Peer {
  const variable = `PEER_${name.toUpperCase()}`;
  const url = process.env[variable] ?? '';
  if (url !== '') return { url, skip: false };
  const remedy = `${name} does not answer: start it and run npm test, or name it in ${variable}`;
  if (!['', '0'].includes(process.env['REQUIRE_PEERS'] ?? '')) throw new Error(remedy);
  return { url: '', skip: remedy };
}
