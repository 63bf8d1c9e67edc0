/** Rows by a name made of them, each group in the order of the rows. */
export function grouped<Row>(
  rows: Iterable<Row>,
  nameOf: (row: Row) => string,
): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = nameOf(row);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return groups;
}

/** An appointment's name across tenants. */
export function appointmentName(row: { tenant: string; id: string }): string {
  return `${row.tenant}/${row.id}`;
}

export function versionName(row: { tenant: string; id: string; version: number }): string {
  return `${row.tenant}/${row.id}:${row.version}`;
}

/** States that hold their slot. */
export const holders: ReadonlySet<string> = new Set(['SCHEDULED', 'CONFIRMED', 'IN_PROGRESS']);

export const finals: ReadonlySet<string> = new Set(['COMPLETED', 'CANCELLED', 'FAILED']);
