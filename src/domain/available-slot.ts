/** A slot that would be accepted. Epoch seconds. */
export interface AvailableSlot {
  start: number;
  end: number;
  /** Resources that could take it directly. */
  free: number;
}

/**
 * The first `limit` slots of several regions together, in order of time, from the first `limit` of
 * each: a region that does not tell of a slot among them has as many that are earlier.
 */
export function mergeAvailableSlots(
  regions: readonly (readonly AvailableSlot[])[],
  limit: number,
): AvailableSlot[] {
  const [only] = regions;
  if (only !== undefined && regions.length === 1) return only.slice(0, limit);
  const free = new Map<number, AvailableSlot>();
  for (const slot of regions.flat()) {
    const known = free.get(slot.start);
    if (known === undefined) free.set(slot.start, { ...slot });
    else known.free += slot.free;
  }
  return [...free.values()].sort((a, b) => a.start - b.start).slice(0, limit);
}
