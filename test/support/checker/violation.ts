export type GuaranteeId =
  `S${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 12 | 13}` | `L${1 | 2 | 3 | 4 | 7}`;

/** One breach of one guarantee, readable by itself. */
export interface Violation {
  guarantee: GuaranteeId;
  /** Whatever finds the rows again: appointment, command, key, task, … */
  ids: Record<string, string | number>;
  sentence: string;
}

export function describeViolations(violations: readonly Violation[]): string {
  const lines = violations.slice(0, 30).map(({ guarantee, ids, sentence }) => {
    const where = Object.entries(ids).map(([name, id]) => `${name} ${id}`);
    return `${guarantee}: ${sentence} (${where.join(', ')})`;
  });
  return [`${violations.length} violations`, ...lines].join('\n');
}
