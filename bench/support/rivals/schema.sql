-- What the rivals keep: one tenant, and no regions, commands, sagas or event log.

CREATE TABLE api_keys (
  hash  bytea PRIMARY KEY,
  actor text NOT NULL
);

-- One row per unit of a resource's capacity and type of service that it can give.
CREATE TABLE lanes (
  service_type text NOT NULL,
  lane_id      bigint NOT NULL,
  resource_id  text NOT NULL,
  PRIMARY KEY (service_type, lane_id) INCLUDE (resource_id)
);

-- The cheapest exact guard that we know, ours too: time on x, lane on y. Inlined where it is used.
CREATE FUNCTION occupied(start_at timestamptz, end_at timestamptz, lane_id bigint) RETURNS box
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN box(
  point(date_part('epoch', start_at - timestamptz '1970-01-01 00:00+00'), lane_id::float8 * 4),
  point(date_part('epoch', end_at - timestamptz '1970-01-01 00:00+00') - 0.5,
        lane_id::float8 * 4 + 1));

CREATE TABLE appointments (
  appointment_id uuid PRIMARY KEY,
  version        integer NOT NULL,
  state          text NOT NULL,
  customer_id    uuid NOT NULL,
  start_at       timestamptz(0) NOT NULL,
  end_at         timestamptz(0) NOT NULL CHECK (start_at < end_at),
  service_type   text NOT NULL,
  resource_id    text NOT NULL,
  lane_id        bigint NOT NULL,
  metadata       text,
  created_at     timestamptz NOT NULL,
  updated_at     timestamptz NOT NULL,
  CONSTRAINT no_overlap EXCLUDE USING gist (occupied(start_at, end_at, lane_id) WITH &&)
    WHERE (state IN ('SCHEDULED', 'CONFIRMED', 'IN_PROGRESS'))
);
CREATE INDEX appointments_by_start ON appointments (start_at, appointment_id);
CREATE INDEX appointments_by_customer ON appointments (customer_id, start_at, appointment_id);

CREATE TABLE appointment_history (
  appointment_id uuid NOT NULL,
  version        integer NOT NULL,
  from_state     text,
  to_state       text NOT NULL,
  cause          text NOT NULL,
  start_at       timestamptz(0) NOT NULL,
  end_at         timestamptz(0) NOT NULL,
  resource_id    text,
  actor          text NOT NULL,
  request_id     text,
  at             timestamptz NOT NULL,
  PRIMARY KEY (appointment_id, version)
);

CREATE TABLE idempotency_keys (
  operation      text NOT NULL,
  key            text COLLATE "C" NOT NULL,
  content_hash   bytea NOT NULL,
  appointment_id uuid NOT NULL,
  first_used_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (operation, key)
);

CREATE TABLE outbox (
  outbox_id      bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  appointment_id uuid NOT NULL,
  version        integer NOT NULL,
  type           text NOT NULL,
  event          text NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT now()
);

-- A free lane. Eight are tried from a given one on, each by one look into the guard's index: OFFSET
-- 0 keeps them from being flattened to a join that reads all lanes of the slot. Where those are
-- taken the slot is crowded, and reading all of it at once costs less than looking on.
CREATE FUNCTION free_lane(wanted text, slot_start timestamptz, slot_end timestamptz, first bigint)
RETURNS TABLE (lane_id bigint, resource_id text) LANGUAGE sql STABLE AS $$
  (SELECT near.lane_id, near.resource_id FROM (
    SELECT l.lane_id, l.resource_id FROM lanes l
    WHERE l.service_type = wanted AND l.lane_id >= first ORDER BY l.lane_id LIMIT 8) near
  WHERE NOT EXISTS (
    SELECT FROM appointments a
    WHERE occupied(a.start_at, a.end_at, a.lane_id) && occupied(slot_start, slot_end, near.lane_id)
      AND a.state IN ('SCHEDULED', 'CONFIRMED', 'IN_PROGRESS') OFFSET 0)
  LIMIT 1)
  UNION ALL
  (SELECT l.lane_id, l.resource_id FROM lanes l
  WHERE l.service_type = wanted AND l.lane_id NOT IN (
    SELECT a.lane_id FROM appointments a
    WHERE occupied(a.start_at, a.end_at, a.lane_id)
        && bound_box(occupied(slot_start, slot_end, 0), occupied(slot_start, slot_end, 1000000))
      AND a.state IN ('SCHEDULED', 'CONFIRMED', 'IN_PROGRESS'))
  ORDER BY l.lane_id < first, l.lane_id LIMIT 1)
  LIMIT 1
$$;

-- A whole booking in one call. Nothing is raised, because the driver gives up a connection after an
-- error, and nothing is written for a slot that is full. The event is made by the caller but for
-- the resource, which is known only here.
CREATE FUNCTION book(
  wanted_id uuid, wanted_key text, wanted_hash bytea, customer uuid, slot_start timestamptz,
  slot_end timestamptz, wanted text, details text, at timestamptz, event_type text, event text,
  who text, request text, first bigint, max_lost integer
) RETURNS TABLE (outcome text, booked_id uuid, booked_resource text, lost_races integer)
LANGUAGE plpgsql AS $$
DECLARE
  lane record;
  known record;
BEGIN
  lost_races := 0;
  SELECT l.lane_id, l.resource_id INTO lane FROM free_lane(wanted, slot_start, slot_end, first) l;
  IF lane.lane_id IS NOT NULL THEN
    INSERT INTO idempotency_keys (operation, key, content_hash, appointment_id)
      VALUES ('create', wanted_key, wanted_hash, wanted_id) ON CONFLICT DO NOTHING;
  END IF;
  IF lane.lane_id IS NULL OR NOT FOUND THEN
    SELECT k.content_hash, k.appointment_id INTO known FROM idempotency_keys k
      WHERE k.operation = 'create' AND k.key = wanted_key;
    booked_id := known.appointment_id;
    outcome := CASE known.content_hash = wanted_hash
      WHEN true THEN 'replayed' WHEN false THEN 'reused' ELSE 'full' END;
    RETURN NEXT;
    RETURN;
  END IF;
  LOOP
    INSERT INTO appointments (appointment_id, version, state, customer_id, start_at, end_at,
        service_type, resource_id, lane_id, metadata, created_at, updated_at)
      VALUES (wanted_id, 1, 'SCHEDULED', customer, slot_start, slot_end, wanted, lane.resource_id,
        lane.lane_id, details, at, at) ON CONFLICT DO NOTHING;
    EXIT WHEN FOUND;
    lost_races := lost_races + 1;
    SELECT l.lane_id, l.resource_id INTO lane
      FROM free_lane(wanted, slot_start, slot_end, first) l;
    IF lane.lane_id IS NULL OR lost_races > max_lost THEN
      DELETE FROM idempotency_keys k WHERE k.operation = 'create' AND k.key = wanted_key;
      outcome := CASE WHEN lane.lane_id IS NULL THEN 'full' ELSE 'contended' END;
      RETURN NEXT;
      RETURN;
    END IF;
  END LOOP;
  INSERT INTO appointment_history (appointment_id, version, to_state, cause, start_at, end_at,
      resource_id, actor, request_id, at)
    VALUES (wanted_id, 1, 'SCHEDULED', 'create', slot_start, slot_end, lane.resource_id, who,
      request, at);
  INSERT INTO outbox (appointment_id, version, type, event)
    VALUES (wanted_id, 1, event_type, replace(event, '"resource_id":null',
      '"resource_id":' || to_json(lane.resource_id)));
  outcome := 'booked';
  booked_id := wanted_id;
  booked_resource := lane.resource_id;
  RETURN NEXT;
END $$;
