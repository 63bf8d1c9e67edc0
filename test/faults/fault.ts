/** One change of the text of one file; `find` must be there exactly once. */
export interface Edit {
  file: string;
  find: string;
  replace: string;
}

/** A mistake that somebody could make, and the tests that must notice it. */
export interface Fault extends Edit {
  /** What is wrong then, as a sentence. */
  name: string;
  /** More of the same mistake. */
  also?: readonly Edit[];
  /** Paths of the files whose tests are run. */
  tests: readonly string[];
  /** Parts of the titles of those tests: no others are run. */
  titles: readonly string[];
}

export function editsOf({ file, find, replace, also = [] }: Fault): Edit[] {
  return [{ file, find, replace }, ...also];
}
