export interface Concurrency<Item> {
  items: readonly Item[];
  limit: number;
  /** When it throws, no further item is begun and the first error is thrown. */
  work: (item: Item) => Promise<void>;
}

/** Works through the items in their order, at most `limit` at a time. */
export async function concurrently<Item>({ items, limit, work }: Concurrency<Item>): Promise<void> {
  const remaining = items.values();
  let failed = false;
  const lanes = Array.from({ length: Math.min(limit, items.length) }, async () => {
    for (const item of remaining) {
      if (failed) return;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  });
  // All lanes end before the first error is thrown, so that nothing is sent after the report.
  const ends = await Promise.allSettled(lanes);
  const broken = ends.find((end) => end.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
}
