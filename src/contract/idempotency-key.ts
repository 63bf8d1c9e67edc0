import { Type } from 'typebox';

const uuidForm = '[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}';
const uuidV4 =
  '[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-4[0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}';
const pattern = `^(?:${uuidV4}|(?!${uuidForm}$)[A-Za-z0-9+/_-]{16,64}={0,2})$`;
const syntax = new RegExp(pattern);

/**
 * For the bodies of idempotent calls. The key may come in the header instead, so the edge puts it
 * into the body before the schema is applied.
 */
export const idempotencyKey = Type.String({
  pattern,
  description:
    'UUID v4, or 16 to 64 characters of A-Z a-z 0-9 + / _ - and, not counted among them, up to ' +
    'two = at the end.',
});

export function isIdempotencyKey(text: string): boolean {
  return syntax.test(text);
}

/** The key in an Idempotency-Key header: a structured-field string, or the same without quotes. */
export function keyOfHeader(header: string | undefined): string | undefined {
  const text = header?.trim() ?? '';
  if (text === '') return undefined;
  return /^".*"$/.test(text) ? text.slice(1, -1) : text;
}
