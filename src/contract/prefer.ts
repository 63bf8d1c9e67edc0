/** What a client prefers (RFC 7240); only `wait` concerns us. */
export interface Prefer {
  /** 0 to 30; undefined where the client did not ask, or not in a form we can read. */
  waitSeconds: number | undefined;
}

export const maxWaitSeconds = 30;

// The quoted strings below take quadratic time at worst; no honest header is this long.
const maxHeaderLength = 1_000;

const noPreference: Prefer = { waitSeconds: undefined };

// A preference: token, optional value (token or quoted string), optional parameters, which are
// separated by semicolons. Commas separate preferences but for those in quotes; a quote that is
// never closed takes the rest with it.
const preference = /(?:[^,"]|"(?:[^"\\]|\\.)*"|".*)+/gs;
const wait = /^wait\s*(?:=\s*(?:"(\d+)"|(\d+)))?\s*(?:;.*)?$/is;

/** Never throws: a preference that cannot be read is ignored. The first `wait` counts. */
export function parsePrefer(header: string | undefined): Prefer {
  if (header === undefined || header.length > maxHeaderLength) return noPreference;
  for (const part of header.match(preference) ?? []) {
    const text = part.trim();
    if (!/^wait(?![\w!#$%&'*+.^`|~-])/i.test(text)) continue;
    const match = wait.exec(text);
    const digits = match?.[1] ?? match?.[2];
    if (digits === undefined) return noPreference;
    return { waitSeconds: Math.min(Number(digits), maxWaitSeconds) };
  }
  return noPreference;
}
