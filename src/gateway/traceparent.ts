import type { Random } from '../io/random.ts';

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const sampled = 1;

/**
 * Continues a W3C trace context with a span of our own, or begins a trace where the header is
 * missing or not valid. A later version of the format is read as far as we know it.
 */
export function traceparent(header: string | undefined, random: Random): string {
  const match = header === undefined ? null : form.exec(header);
  if (match !== null) {
    const [, version = '', traceId = '', parentId = '', flags = '', rest] = match;
    const known = version !== 'ff' && (version !== '00' || rest === undefined);
    if (known && /[1-9a-f]/.test(traceId) && /[1-9a-f]/.test(parentId)) {
      const kept = (Number.parseInt(flags, 16) & sampled).toString().padStart(2, '0');
      return `00-${traceId}-${random.hex(8)}-${kept}`;
    }
  }
  const fresh = random.hex(24);
  return `00-${fresh.slice(0, 32)}-${fresh.slice(32)}-01`;
}
