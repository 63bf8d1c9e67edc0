-- Relays that share the shards out, events that a consumer may not take yet, and old weeks of the
-- event log.

-- One row per living relay: each takes its share of the shards. Liveness only, as everywhere: what
-- keeps a deposed relay from appending is the shard's token.
CREATE TABLE outbox_relays (
  process_id       uuid PRIMARY KEY,
  session_key      bigint,
  lease_expires_at timestamptz NOT NULL
) WITH (fillfactor = 20);

-- What a consumer was given and has not taken: an earlier event of the appointment is missing, or
-- waits here too. A poison event is parked until somebody redrives or discards its dead letter,
-- and whatever comes after it waits behind it.
CREATE TABLE held_events (
  consumer       text NOT NULL,
  tenant_id      text NOT NULL,
  appointment_id uuid NOT NULL,
  version        integer NOT NULL,
  type           text NOT NULL,
  event          text NOT NULL,
  traceparent    text,
  parked         boolean NOT NULL DEFAULT false,
  held_at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, tenant_id, appointment_id, version)
);

-- Dead letters of the lane 'event' are parked events: kind is the consumer. Two processes that
-- park the same event make one of them.
CREATE UNIQUE INDEX dead_letters_of_events
  ON dead_letters (tenant_id, appointment_id, kind, ((payload ->> 'version')))
  WHERE lane = 'event';

-- As before, but a week whose first events went to the default partition is passed over: it must
-- not keep the weeks after it from being made.
CREATE OR REPLACE FUNCTION create_event_log_partitions(weeks integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  first_day date := date_trunc('week', now() AT TIME ZONE 'UTC')::date;
  day date; made integer := 0; partition_name text;
BEGIN
  FOR i IN 0 .. weeks LOOP
    day := first_day + 7 * i;
    partition_name := 'event_log_' || to_char(day, 'YYYYMMDD');
    CONTINUE WHEN to_regclass(partition_name) IS NOT NULL;
    BEGIN
      EXECUTE format('CREATE TABLE %I PARTITION OF event_log FOR VALUES FROM (%L) TO (%L)',
        partition_name, day::text || ' 00:00+00', (day + 7)::text || ' 00:00+00');
      made := made + 1;
    EXCEPTION WHEN check_violation OR duplicate_table THEN
      NULL;
    END;
  END LOOP;
  RETURN made;
END $$;

-- Drops the weeks that ended more than keep_days ago and that every consumer has read to the end,
-- oldest first; answers how many. Appending must not queue up behind a long reader of the log, so
-- a lock that is not to be had within a second is left for the next time.
CREATE FUNCTION drop_event_log_partitions(keep_days integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  kept_from timestamptz := now() - make_interval(days => keep_days);
  week record; is_unread boolean; dropped integer := 0;
BEGIN
  PERFORM set_config('lock_timeout', '1s', true);
  FOR week IN
    SELECT c.oid::regclass AS name, to_date(right(c.relname, 8), 'YYYYMMDD') + 7 AS ended
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'event_log'::regclass AND c.relname ~ '^event_log_\d{8}$'
    ORDER BY ended
  LOOP
    EXIT WHEN week.ended::timestamp AT TIME ZONE 'UTC' > kept_from;
    EXECUTE format('SELECT EXISTS (SELECT FROM consumer_cursors c WHERE EXISTS (
      SELECT FROM %s l WHERE l.shard = c.shard AND l.position > c.position))', week.name)
      INTO is_unread;
    EXIT WHEN is_unread;
    EXECUTE format('DROP TABLE %s', week.name);
    dropped := dropped + 1;
  END LOOP;
  DELETE FROM event_log_default l WHERE l.appended_at < kept_from AND NOT EXISTS (
    SELECT FROM consumer_cursors c WHERE c.shard = l.shard AND c.position < l.position);
  RETURN dropped;
EXCEPTION WHEN lock_not_available THEN
  -- What was dropped before in this call is taken back with it.
  RETURN 0;
END $$;
