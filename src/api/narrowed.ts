import { Problem } from '../contract/problem.ts';

/**
 * The one customer or resource that a query is about: the caller's own, where it has only that.
 * Whoever asks for another then is refused, whether or not there is such a one.
 */
export function narrowed(query: {
  own: string | null;
  asked: string | undefined;
}): string | undefined {
  const { own, asked } = query;
  if (own === null) return asked;
  if (asked !== undefined && asked !== own) {
    throw new Problem('forbidden', 'These credentials are for one customer or resource alone.');
  }
  return own;
}
