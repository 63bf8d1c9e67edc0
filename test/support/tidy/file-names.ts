import { isCode } from './is-code.ts';
import type { SourceTree } from './source-tree.ts';

const kebab = /^\.?[a-z0-9]+(-[a-z0-9]+)*$/;
const emptyNames = /^(utils?|helpers?|lib|types|common|managers?)$/;
const emptyEndings = /-(utils?|helpers?|lib|common|managers?)$/;

/** Folders and files of code and docs are in kebab-case, each dotted part of a name too. */
export function kebabCase(tree: SourceTree): string[] {
  return tree.files
    .filter(({ path }) => isCode(path) || path.startsWith('docs/'))
    .filter(({ path }) => !path.split(/[/.]/).every((part) => part === '' || kebab.test(part)))
    .map((file) => file.offence(1, 'is not named in kebab-case'));
}

/** No file or folder of code bears a name that says nothing. */
export function tellingNames(tree: SourceTree): string[] {
  return tree.files
    .filter(({ path }) => isCode(path))
    .flatMap((file) =>
      file.path
        .split('/')
        .map((part) => part.replace(/\..*$/, ''))
        .filter((name) => emptyNames.test(name) || emptyEndings.test(name))
        .map((name) => file.offence(1, `"${name}" says nothing`)),
    );
}
