export interface Concurrency<Item> {
  items: Iterable<Item> | AsyncIterable<Item>;
  limit: number;
  /** When it throws, no further item is begun and the first error is thrown. */
  work: (item: Item) => Promise<void>;
}

/** Works through the items in their order, at most `limit` at a time, and holds no others. */
export async function concurrently<Item>({ items, limit, work }: Concurrency<Item>): Promise<void> {
  const iterator =
    Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (;;) {
      const next = await iterator.next();
      if (next.done === true || failed) return;
      await work(next.value);
    }
  };
  const lanes = Array.from({ length: limit }, () =>
    lane().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  // All lanes end before the first error is thrown, so that nothing is sent after the report.
  const ends = await Promise.allSettled(lanes);
  await iterator.return?.();
  const broken = ends.find((end) => end.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
}
