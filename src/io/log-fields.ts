/**
 * All that a line of the log may carry besides its level, time and message: ids, counts and codes,
 * never what a person typed. Whatever is not listed is left out of the line, which names it.
 */
export const logFields = {
  component: 'the part of the process that speaks',
  // Whom and what it is about.
  request_id: 'of the HTTP request',
  tenant: 'tenant id',
  region: 'region id',
  appointment_id: 'appointment id',
  command_id: 'command id, or several with commas',
  saga_id: 'saga id',
  task_id: 'task number',
  version: 'of the appointment',
  operation: 'what a command asks for',
  lane: 'of the work queue',
  event_id: 'CloudEvents id',
  type: 'of an event',
  // What happened.
  err: 'an error: class, message without values, code and stack',
  reason: 'why, as a code or a message without values',
  why: 'why a peer is not to be had',
  kind: 'of an orphan, or of what was set aside',
  action: 'what was done about it',
  setback: 'why a batch was not committed',
  remedy: 'what is done with the batch',
  poison: 'why a consumer cannot take an event',
  how: 'how a process ended',
  recent: 'deaths within a minute',
  part: 'of the process, by name',
  method: 'of HTTP',
  signal: 'that the process got',
  roles: 'of this process',
  url: 'of this service or a process of it, without credentials',
  issuer: 'of tokens, by its URL',
  folder: 'where data is kept',
  pid: 'of the operating system',
  // How much.
  ms: 'milliseconds',
  attempts: 'made so far',
  size: 'of a batch',
  lost: 'tasks that others took over',
  freed: 'tasks of others',
  shards: 'how many',
  holds: 'how many',
  strays: 'appointment ids whose holds are on no lane, ten at most',
  applied: 'migrations, by name',
  made: 'partitions, how many',
  dropped: 'partitions, how many',
} as const;

export type LogField = keyof typeof logFields;

/** The fields that may be logged; the others are named in `left_out`. */
export function onlyListed(fields: Record<string, unknown>): Record<string, unknown> {
  const names = Object.keys(fields);
  if (names.every(isListed)) return fields;
  const listed = names.filter(isListed).map((name) => [name, fields[name]]);
  const leftOut = names.filter((name) => !isListed(name));
  return { ...Object.fromEntries(listed), left_out: leftOut };
}

function isListed(name: string): boolean {
  return Object.hasOwn(logFields, name);
}
