import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/** Answers what a value violates, one line each, led by a pointer to the member. */
export function schemaErrors(schema: TSchema): (value: unknown) => string[] {
  const compiled = Compile(schema);
  return (value) => {
    if (compiled.Check(value)) return [];
    // A closed object reports a surplus member twice; the one with its pointer is told.
    return compiled
      .Errors(value)
      .filter(({ keyword }) => keyword !== 'additionalProperties')
      .map(({ keyword, instancePath, message, params }) => {
        if (keyword === 'boolean') return `${instancePath} is not a member`;
        const pattern = (params as { pattern?: unknown }).pattern;
        return `${instancePath} ${pattern === undefined ? message : 'is not well-formed'}`.trim();
      });
  };
}
