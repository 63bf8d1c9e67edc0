/**
 * SQL for the instant where the event log begins: what happened before may have had an event that
 * was dropped since. Part of the statement that relies on it, so that a week that is dropped
 * meanwhile is no week without events; an hour later, for clocks ahead of the database's.
 */
export const logBegins = `(SELECT min(to_date(right(c.relname, 8), 'YYYYMMDD'))::timestamp
    AT TIME ZONE 'UTC' + interval '1 hour'
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'event_log'::regclass AND c.relname ~ '^event_log_\\d{8}$')`;
