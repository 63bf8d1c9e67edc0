import { Problem } from './problem.ts';

/** A condition that no version satisfies: versions count from 1. */
export const neverMatches = 0;

const maxVersion = 2_147_483_647;
// RFC 9110, 8.8.3: visible characters but the quote; node hands header bytes over as Latin-1.
const entityTag = String.raw`(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"`;
const oneTag = new RegExp(`^${entityTag}$`);
const tagsIn = new RegExp(entityTag, 'g');
const ourTag = /^"([1-9]\d{0,9})"$/;

/** The strong entity tag of a version. */
export function etag(version: number): string {
  return `"${version}"`;
}

/**
 * The version that If-Match demands; null without a condition (no header, or `*`), `neverMatches`
 * for a well-formed tag that is weak or not one of ours. Throws `malformed-header`: a list is
 * refused too, since a command is bound to one version.
 */
export function parseIfMatch(header: string | undefined): number | null {
  const text = header?.trim();
  if (text === undefined || text === '*') return null;
  if (!oneTag.test(text)) {
    throw new Problem('malformed-header', 'If-Match takes one entity tag in quotes, or *.');
  }
  return versionOf(text);
}

/** Whether a GET may answer 304: If-None-Match compares weakly (RFC 9110, 13.1.2). */
export function matchesNone(header: string | undefined, version: number): boolean {
  const text = header?.trim();
  if (text === undefined) return false;
  if (text === '*') return true;
  return (text.match(tagsIn) ?? []).some((tag) => versionOf(tag.replace(/^W\//, '')) === version);
}

function versionOf(tag: string): number {
  const version = Number(ourTag.exec(tag)?.[1] ?? neverMatches);
  return version <= maxVersion ? version : neverMatches;
}
