/** Who makes a change that the audit keeps. */
export interface ChangedBy {
  /** As in a principal; `cli:<account>` on the command line, `start` for what a start makes. */
  actor: string;
  requestId: string | null;
}

/**
 * SQL that adds the audit's entries of a change: part of the statement that makes it, so that there
 * is none of either without the other. What it is given is SQL too; `details` names nobody.
 */
export function auditEntries(entry: {
  action: string;
  tenant: string;
  subject: string;
  actor: string;
  requestId: string;
  details?: string;
  /** The rows that the change has made, one entry for each. */
  from: string;
}): string {
  const { action, tenant, subject, actor, requestId, details = `'{}'`, from } = entry;
  return `INSERT INTO audit_entries (tenant_id, actor, action, subject, request_id, details)
    SELECT ${tenant}, ${actor}::text, ${action}, ${subject}, ${requestId}::text, ${details}::jsonb
    FROM ${from}`;
}
