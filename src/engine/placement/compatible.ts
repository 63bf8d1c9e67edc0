/** What placement knows of a booking, or of one that might be: its slot, without the buffers. */
export interface Occupation {
  /** Epoch seconds, half-open. */
  start: number;
  end: number;
  bufferBefore: number;
  bufferAfter: number;
  location?: string | undefined;
  serviceType: string;
}

/**
 * Whether one lane can serve `before` and then `after`. An implementation may ask for more than the
 * buffers, never for less, and whatever it allows it must also allow with more time between them:
 * so the two neighbours in a timeline decide, and the free starts in a gap are one interval.
 */
export type Compatible = (before: Occupation, after: Occupation) => boolean;

export const compatibleByBuffers: Compatible = (before, after) =>
  before.end + before.bufferAfter + after.bufferBefore <= after.start;
