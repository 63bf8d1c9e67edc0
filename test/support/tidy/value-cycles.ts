import { importsOf } from './imports.ts';
import type { SourceTree } from './source-tree.ts';

/** No file reaches itself over imports that survive type stripping. One cycle per file found. */
export function valueCycles(tree: SourceTree): string[] {
  const offences: string[] = [];
  const finished = new Set<string>();
  const trail: string[] = [];

  const visit = (path: string): void => {
    const file = tree.file(path);
    if (file === undefined || finished.has(path)) return;
    trail.push(path);
    for (const { target, typeOnly, node } of importsOf(file)) {
      if (target === undefined || typeOnly) continue;
      const start = trail.indexOf(target);
      if (start < 0) visit(target);
      else
        offences.push(file.offence(node, `closes ${[...trail.slice(start), target].join(' → ')}`));
    }
    trail.pop();
    finished.add(path);
  };

  for (const { path } of tree.scripts('src')) visit(path);
  return offences;
}
