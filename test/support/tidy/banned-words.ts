import type { SourceTree } from './source-tree.ts';

// Kept in halves, so that this file holds none of them.
export const bannedWords: readonly string[] = [
  ['cla', 'ude'],
  ['anthro', 'pic'],
  ['L', 'LM'],
  ['AI ', 'agent'],
  ['this ses', 'sion'],
  ['sub', 'agent'],
  ['prompt en', 'gineer'],
  ['/wo', 'rk/'],
  ['/fa', 'rm/'],
].map((halves) => halves.join(''));

const pattern = new RegExp(
  bannedWords
    .map((word) => (word.length === 3 ? `\\b${word}s?\\b` : word))
    .map((word) => word.replace(' ', '\\s+'))
    .join('|'),
  'gi',
);

/** The project speaks of itself alone, in the names of its files as in their text. */
export function speaksOfItself(tree: SourceTree): string[] {
  return tree.files
    .filter(({ path }) => path !== 'package-lock.json')
    .flatMap((file) => [
      ...(file.path.match(pattern) ?? []).map((word) => file.offence(1, `is named "${word}"`)),
      ...[...file.text.matchAll(pattern)].map(({ 0: word, index }) =>
        file.offence(file.text.slice(0, index).split('\n').length, `says "${word}"`),
      ),
    ]);
}
