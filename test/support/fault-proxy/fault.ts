/** `up`: from the client to its peer. */
export type Flow = 'up' | 'down';

export type Fault =
  /** Bytes arrive, but later; both ways where no flow is named. */
  | { kind: 'latency'; ms: number; flow?: Flow }
  | { kind: 'bandwidth'; bytesPerSecond: number; flow?: Flow }
  /** The connection is reset at the client's first word, which the peer never hears. */
  | { kind: 'reset' }
  /** Nobody accepts: also ends the connections there are. */
  | { kind: 'refuse' }
  /** Accepted, then swallowed: the peer is never dialled. */
  | { kind: 'blackhole' }
  /** Bytes are lost from here on, and neither side is told; both ways where no flow is named. */
  | { kind: 'half-open'; flow?: Flow }
  /** The peer gets the request and does it; of its answer nothing comes back. */
  | { kind: 'answer-dropped'; then: 'reset' | 'hang' }
  /** The answer breaks off after so many bytes. */
  | { kind: 'answer-cut'; afterBytes: number }
  /** The peer is never asked: these bytes are the answer, and then the connection ends. */
  | { kind: 'answered'; with: string };

export type FaultKind = Fault['kind'];
