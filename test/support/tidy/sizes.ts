import { isCode } from './is-code.ts';
import type { SourceFile, SourceTree } from './source-tree.ts';

const documentLimits = new Map([
  ['README.md', 80],
  ['STYLE.md', 80],
  ['ARCHITECTURE.md', 300],
]);

/** Files of code end by line 300, tests by 500, README by 80, ARCHITECTURE by 300. */
export function fileSizes(tree: SourceTree): string[] {
  return tree.files.flatMap((file) => {
    const limit = lineLimit(file);
    const { length } = file.lines;
    if (limit === undefined || length <= limit) return [];
    return [file.offence(limit + 1, `has ${length} lines, the limit is ${limit}`)];
  });
}

function lineLimit(file: SourceFile): number | undefined {
  if (isCode(file.path)) return file.isTest ? 500 : 300;
  return documentLimits.get(file.path);
}

// A title that quotes a document stands on one line, however long the sentence.
const mayRunOver = /https?:\/\/\S+$|^\s*(test\()?(['"`]).*\2,/;

/** Lines of code and of SQL end by column 100; a URL or the title of a test may run over. */
export function lineLengths(tree: SourceTree): string[] {
  return tree.files
    .filter(({ path }) => isCode(path) || /^migrations\/\d.*\.sql$/.test(path))
    .flatMap((file) =>
      file.lines.flatMap((line, index) =>
        line.length > 100 && !mayRunOver.test(line)
          ? [file.offence(index + 1, `has ${line.length} columns`)]
          : [],
      ),
    );
}
