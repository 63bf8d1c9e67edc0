/**
 * One line of CSV (RFC 4180), without its end. Lists of words are separated by semicolons,
 * structures are JSON; what is absent is an empty cell. `membersOfCells` reads it back.
 */
export function csvLine(columns: readonly string[], row: Record<string, unknown>): string {
  return columns.map((column) => quoted(cell(row[column]))).join(',');
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (isListOfWords(value)) return value.join(';');
  return JSON.stringify(value);
}

function isListOfWords(value: unknown): value is string[] {
  return (
    Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string')
  );
}

/** Space around a cell is trimmed by readers unless it stands in quotes. */
function quoted(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
