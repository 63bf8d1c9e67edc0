import { isUtf8 } from 'node:buffer';
import { Problem, type Violation } from './problem.ts';

/** A body that is well-formed JSON, an object, without repeated members. */
export interface JsonBody {
  value: Record<string, unknown>;
  /** Strings, numbers and names that no value of ours may hold, wherever they stand. */
  violations: Violation[];
}

const maxNesting = 64;
const maxViolations = 100;

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Reads a request body. Throws `malformed-body` for bytes that are not UTF-8, text that is not
 * JSON, nesting beyond 64, a member named twice in one object, and anything but an object.
 */
export function parseJsonBody(bytes: Buffer): JsonBody {
  if (!isUtf8(bytes)) throw malformed('The body is not valid UTF-8.');
  const text = bytes.toString('utf8');
  // The scan comes before JSON.parse because that would recurse into any depth.
  const scan = scanText(text);
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed('The body must be a JSON object.');
  }
  const tally = { members: 0, infinite: false };
  tallyMembers(value, tally);
  // Every member has one colon outside strings; a repeated one leaves fewer members than colons.
  if (tally.members !== scan.colons) throw malformed('An object of the body repeats a member.');
  const violations: Violation[] = [];
  if (scan.suspicious || tally.infinite) collect(value, '', violations);
  return { value: value as Record<string, unknown>, violations };
}

/** One reference token of an RFC 6901 pointer. */
export function pointerToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Why a decoded string may not enter the service, if it may not. */
export function textViolation(text: string): { code: string; message: string } | undefined {
  if (text.includes('\0')) return { code: 'nul-character', message: 'must not contain NUL' };
  if (text.isWellFormed()) return undefined;
  return { code: 'lone-surrogate', message: 'must not contain a lone surrogate' };
}

function malformed(detail: string): Problem {
  return new Problem('malformed-body', detail);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('The body is not valid JSON.');
  }
}

/** `suspicious` where NUL, a lone surrogate (both need an escape) or `__proto__` may be inside. */
function scanText(text: string): { colons: number; suspicious: boolean } {
  let colons = 0;
  let depth = 0;
  let inString = false;
  let escapes = false;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (inString) {
      if (unit === quote) inString = false;
      else if (unit === backslash) {
        escapes = true;
        index += 1;
      }
    } else if (unit === quote) inString = true;
    else if (unit === colon) colons += 1;
    else if (unit === openBrace || unit === openBracket) {
      depth += 1;
      if (depth > maxNesting) throw malformed(`The body nests deeper than ${maxNesting} levels.`);
    } else if (unit === closeBrace || unit === closeBracket) depth -= 1;
  }
  return { colons, suspicious: escapes || text.includes('__proto__') };
}

function tallyMembers(value: unknown, tally: { members: number; infinite: boolean }): void {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) tally.infinite = true;
  } else if (Array.isArray(value)) {
    for (const item of value) tallyMembers(item, tally);
  } else if (typeof value === 'object' && value !== null) {
    for (const name in value) {
      tally.members += 1;
      tallyMembers((value as Record<string, unknown>)[name], tally);
    }
  }
}

function collect(value: unknown, pointer: string, found: Violation[]): void {
  if (found.length >= maxViolations) return;
  if (typeof value === 'string') {
    const violation = textViolation(value);
    if (violation !== undefined) found.push({ pointer, ...violation });
  } else if (typeof value === 'number') {
    // 1e999 parses to Infinity and would come back as null.
    if (!Number.isFinite(value)) {
      found.push({ pointer, code: 'out-of-range', message: 'is too large a number' });
    }
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => collect(item, `${pointer}/${index}`, found));
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      const at = `${pointer}/${pointerToken(name)}`;
      const violation = nameViolation(name);
      if (violation !== undefined) found.push({ pointer: at, ...violation });
      else collect(member, at, found);
    }
  }
}

function nameViolation(name: string): { code: string; message: string } | undefined {
  if (name !== '__proto__') return textViolation(name);
  return { code: 'forbidden-member', message: 'is a name that no member may have' };
}
