/** What is logged of an error. Whatever it quotes may be somebody's: values are taken out. */
export function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: withoutValues(String(error)) };
  const { name, stack } = error;
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const message = messageWithoutValues(error);
  // A stack begins by repeating the message.
  const [, ...frames] = stack?.split('\n    at ') ?? [];
  return { name, message, code, constraint, stack: [name, ...frames].join('\n    at ') };
}

/** An error's message without what it quotes. */
export function messageWithoutValues(error: Error): string {
  const message = withoutValues(error.message);
  // PostgreSQL quotes values in data exceptions (class 22), and names elsewhere.
  const { code } = error as { code?: unknown };
  const quotesValues = typeof code === 'string' && /^22[0-9A-Z]{3}$/.test(code);
  return quotesValues ? message.replace(/"[^"]*"/g, '"…"') : message;
}

const mostCharacters = 1_000;

/** A text without mail addresses, telephone numbers and credentials of URLs, and not endless. */
export function withoutValues(text: string): string {
  return text
    .slice(0, mostCharacters)
    .replace(/(\w+:\/\/)[^\s/@]*@/g, '$1…@')
    .replace(/[^\s<>"'(),;:@]+@[^\s<>"'(),;:@]+\.[^\s<>"'(),;:@]+/g, '[address]')
    .replace(/\+\d[\d ()/-]{6,}\d/g, '[number]');
}
