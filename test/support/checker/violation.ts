export type GuaranteeId =
  | 'S1'
  | 'S2'
  | 'S3'
  | 'S4'
  | 'S5'
  | 'S6'
  | 'S9'
  | 'S10'
  | 'S12'
  | 'S13'
  | 'L1'
  | 'L2'
  | 'L3'
  | 'L4'
  | 'L7';

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
