import { pointerToken, textViolation } from '../contract/json-body.ts';
import type { Violation } from '../contract/problem.ts';

const maxBytes = 8_192;
const maxDepth = 64;

/** Metadata that could not be stored and given back as it came. */
export function checkMetadata(metadata: unknown, pointer: string): Violation[] {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return [];
  const violations: Violation[] = [];
  inspect(metadata, { pointer, depth: 1, violations });
  if (violations.length > 0) return violations;
  if (Buffer.byteLength(JSON.stringify(metadata)) > maxBytes) {
    const message = `must be at most ${maxBytes} bytes as compact JSON`;
    violations.push({ pointer, code: 'metadata-too-large', message });
  }
  return violations;
}

interface Place {
  pointer: string;
  depth: number;
  violations: Violation[];
}

function inspect(value: unknown, { pointer, depth, violations }: Place): void {
  if (typeof value === 'string') {
    const fault = textViolation(value);
    if (fault !== undefined) violations.push({ pointer, ...fault });
  } else if (typeof value === 'number' && !Number.isFinite(value)) {
    violations.push({ pointer, code: 'out-of-range', message: 'is too large a number' });
  } else if (typeof value === 'object' && value !== null) {
    if (depth > maxDepth) {
      violations.push({ pointer, code: 'too-deep', message: 'is nested too deeply' });
      return;
    }
    for (const [name, member] of Object.entries(value)) {
      const at = `${pointer}/${pointerToken(name)}`;
      const fault = textViolation(name) ?? (name === '__proto__' ? forbidden : undefined);
      if (fault !== undefined) violations.push({ pointer: at, ...fault });
      else inspect(member, { pointer: at, depth: depth + 1, violations });
    }
  }
}

const forbidden = { code: 'forbidden-member', message: 'is a name that no member may have' };
