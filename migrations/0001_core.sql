-- The whole product's schema. Forward-only: once shipped this file is never edited.
-- No schema name appears anywhere: a shadow copy lives in another schema through search_path.

-- Control ---------------------------------------------------------------------------------

-- Every writing transaction calls assert_write_epoch with the epoch it was planned under.
CREATE TABLE write_epoch (
  only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  epoch      bigint NOT NULL DEFAULT 1,
  mode       text NOT NULL DEFAULT 'read-write' CHECK (mode IN ('read-write', 'read-only')),
  reason     text,
  changed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO write_epoch DEFAULT VALUES;

-- What all processes of an installation share. recipient_key is the key of the hashes that stand
-- for recipients, so that rows about notifications name nobody.
CREATE TABLE installation (
  only_row      boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  recipient_key text NOT NULL
                  DEFAULT replace(gen_random_uuid()::text || gen_random_uuid(), '-', ''),
  created_at    timestamptz NOT NULL DEFAULT now()
);
INSERT INTO installation DEFAULT VALUES;

-- The shared lock makes a change of epoch wait for the writers in flight; the inner query of a
-- volatile function takes a fresh snapshot, so a writer that waited sees the new epoch.
CREATE FUNCTION assert_write_epoch(expected bigint) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(7305110901);
  IF NOT EXISTS (SELECT FROM write_epoch WHERE epoch = expected AND mode = 'read-write') THEN
    RAISE EXCEPTION 'writes are closed or epoch % is over', expected USING ERRCODE = 'SW001';
  END IF;
  RETURN true;
END $$;

CREATE FUNCTION change_write_epoch(new_mode text, why text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE new_epoch bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(7305110901);
  UPDATE write_epoch SET epoch = epoch + 1, mode = new_mode, reason = why, changed_at = now()
    RETURNING epoch INTO new_epoch;
  RETURN new_epoch;
END $$;

-- The last call of the statement that commits decisions: raising takes all of it back.
CREATE FUNCTION assert_decided(
  fenced bigint, changed bigint, planned_changes integer, decided bigint, planned_decisions integer
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF fenced <> 1 THEN
    RAISE EXCEPTION 'the region has another owner' USING ERRCODE = 'SW002';
  END IF;
  IF changed <> planned_changes OR decided <> planned_decisions THEN
    RAISE EXCEPTION '% of % appointments and % of % commands are as planned',
      changed, planned_changes, decided, planned_decisions USING ERRCODE = 'SW003';
  END IF;
  RETURN true;
END $$;

-- One row per living process. session_key names the advisory lock that its session holds: when
-- the session ends, others see the lock free and need not wait for a lease to run out.
CREATE TABLE processes (
  process_id   uuid PRIMARY KEY,
  session_key  bigint NOT NULL UNIQUE GENERATED ALWAYS AS IDENTITY,
  roles        text[] NOT NULL,
  host         text NOT NULL,
  pid          integer NOT NULL,
  version      text NOT NULL,
  internal_url text,
  started_at   timestamptz NOT NULL DEFAULT now(),
  heartbeat_at timestamptz NOT NULL DEFAULT now()
);

-- A living process holds the session lock of its key; whoever can take it knows that the process
-- is gone. Liveness only: fencing tokens, not this lock, keep a deposed owner from writing.
CREATE FUNCTION hold_session(session_key bigint) RETURNS void LANGUAGE sql AS
  $$ SELECT pg_advisory_lock(730511, session_key::integer) $$;
CREATE FUNCTION session_is_gone(session_key bigint) RETURNS boolean LANGUAGE sql AS
  $$ SELECT pg_try_advisory_xact_lock(730511, session_key::integer) $$;

-- Catalogue -------------------------------------------------------------------------------

CREATE TABLE tenants (
  tenant_id         text PRIMARY KEY CHECK (tenant_id ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
  name              text NOT NULL,
  settings          jsonb NOT NULL DEFAULT '{}',
  catalogue_version bigint NOT NULL DEFAULT 1,
  created_at        timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_keys (
  tenant_id    text NOT NULL REFERENCES tenants,
  key_id       uuid NOT NULL,
  prefix       text NOT NULL,
  hash         bytea NOT NULL UNIQUE,
  scopes       text[] NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz,
  PRIMARY KEY (tenant_id, key_id)
);

CREATE TABLE service_types (
  tenant_id  text NOT NULL REFERENCES tenants,
  code       text NOT NULL CHECK (code ~ '^[a-z0-9-]{1,64}$'),
  name       text NOT NULL,
  active     boolean NOT NULL DEFAULT true,
  travel     boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, code)
);

-- A region is what one engine owns at a time. token fences a deposed owner: each of its writing
-- transactions updates this row where the token is still its own. catalogue_version counts the
-- changes of service types and locations, which every region's owner has in memory.
CREATE TABLE regions (
  tenant_id        text NOT NULL REFERENCES tenants,
  region           text NOT NULL CHECK (region ~ '^[A-Za-z0-9._-]{1,64}$'),
  last_position    bigint NOT NULL DEFAULT 0,
  owner            uuid,
  owner_session    bigint,
  token            bigint NOT NULL DEFAULT 0,
  lease_expires_at timestamptz NOT NULL DEFAULT '-infinity',
  catalogue_version bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, region)
) WITH (fillfactor = 20);

CREATE TABLE locations (
  tenant_id   text NOT NULL REFERENCES tenants,
  location_id text NOT NULL CHECK (location_id ~ '^[A-Za-z0-9._-]{1,64}$'),
  name        text NOT NULL,
  time_zone   text NOT NULL,
  latitude    double precision CHECK (latitude BETWEEN -90 AND 90),
  longitude   double precision CHECK (longitude BETWEEN -180 AND 180),
  region      text NOT NULL,
  active      boolean NOT NULL DEFAULT true,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, location_id),
  FOREIGN KEY (tenant_id, region) REFERENCES regions
);

CREATE TABLE resources (
  tenant_id             text NOT NULL REFERENCES tenants,
  resource_id           text NOT NULL CHECK (resource_id ~ '^[A-Za-z0-9._-]{1,64}$'),
  region                text NOT NULL,
  name                  text NOT NULL,
  service_types         text[] NOT NULL CHECK (cardinality(service_types) > 0),
  locations             text[] NOT NULL CHECK (cardinality(locations) > 0),
  time_zone             text NOT NULL,
  working_hours         jsonb NOT NULL,
  breaks                jsonb NOT NULL DEFAULT '[]',
  buffer_before_seconds integer NOT NULL DEFAULT 0 CHECK (buffer_before_seconds >= 0),
  buffer_after_seconds  integer NOT NULL DEFAULT 0 CHECK (buffer_after_seconds >= 0),
  capacity              integer NOT NULL DEFAULT 1 CHECK (capacity > 0),
  active                boolean NOT NULL DEFAULT true,
  calendar              jsonb,
  created_at            timestamptz NOT NULL DEFAULT now(),
  updated_at            timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, resource_id),
  FOREIGN KEY (tenant_id, region) REFERENCES regions
);

-- A resource of capacity k has k lanes; a lane, once made, is never deleted (history names it).
CREATE TABLE lanes (
  lane_id     bigint NOT NULL UNIQUE GENERATED ALWAYS AS IDENTITY,
  tenant_id   text NOT NULL,
  resource_id text NOT NULL,
  ordinal     integer NOT NULL CHECK (ordinal >= 0),
  PRIMARY KEY (tenant_id, resource_id, ordinal),
  FOREIGN KEY (tenant_id, resource_id) REFERENCES resources
);

-- source 'calendar' is imported busy time, which carries the moment it was read.
CREATE TABLE absences (
  tenant_id   text NOT NULL,
  absence_id  uuid NOT NULL,
  resource_id text NOT NULL,
  start_at    timestamptz(0) NOT NULL,
  end_at      timestamptz(0) NOT NULL CHECK (start_at < end_at),
  reason      text,
  source      text NOT NULL DEFAULT 'operator' CHECK (source IN ('operator', 'calendar')),
  read_at     timestamptz,
  created_at  timestamptz NOT NULL DEFAULT now(),
  deleted_at  timestamptz,
  PRIMARY KEY (tenant_id, absence_id),
  FOREIGN KEY (tenant_id, resource_id) REFERENCES resources
);
CREATE INDEX absences_by_resource ON absences (tenant_id, resource_id, end_at)
  WHERE deleted_at IS NULL;

-- The only table with names and addresses of people: erasing a customer touches this row.
CREATE TABLE customers (
  tenant_id   text NOT NULL REFERENCES tenants,
  customer_id uuid NOT NULL,
  name        text,
  email       text,
  phone       text,
  locale      text,
  time_zone   text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  erased_at   timestamptz,
  PRIMARY KEY (tenant_id, customer_id)
);

-- Appointments ----------------------------------------------------------------------------

-- location is the catalogue id where location_known, else free text as sent. metadata is opaque
-- bytes under metadata_key_id (0: plain) and is never queried.
CREATE TABLE appointments (
  tenant_id             text NOT NULL,
  appointment_id        uuid NOT NULL,
  version               integer NOT NULL CHECK (version > 0),
  state                 text NOT NULL CHECK (state IN ('INIT', 'SCHEDULED', 'CONFIRMED',
                          'IN_PROGRESS', 'COMPLETED', 'CANCELLED', 'FAILED')),
  customer_id           uuid NOT NULL,
  start_at              timestamptz(0) NOT NULL,
  end_at                timestamptz(0) NOT NULL CHECK (start_at < end_at),
  service_type          text NOT NULL,
  location              text,
  location_known        boolean NOT NULL DEFAULT false,
  requested_resource_id text,
  region                text NOT NULL,
  resource_id           text,
  metadata              bytea,
  metadata_key_id       smallint NOT NULL DEFAULT 0,
  reason                text CHECK (state <> 'FAILED' OR reason IS NOT NULL),
  proof                 text,
  origin                text NOT NULL DEFAULT 'api',
  historic              boolean NOT NULL DEFAULT false,
  created_at            timestamptz NOT NULL,
  updated_at            timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX appointments_by_start ON appointments (tenant_id, start_at, appointment_id);
CREATE INDEX appointments_by_customer
  ON appointments (tenant_id, customer_id, start_at, appointment_id);
CREATE INDEX appointments_by_resource
  ON appointments (tenant_id, resource_id, start_at, appointment_id)
  WHERE resource_id IS NOT NULL;
-- Made last: of indexes that look equally good while a table is empty the newest is taken, and a
-- plan that is kept must look rows up by this one, whatever the table grows to.
ALTER TABLE appointments ADD PRIMARY KEY (tenant_id, appointment_id);

-- One row per version, and so the audit's source. busy_* is the hold this version left in place
-- (null: none), so that overlap "at any instant" can be checked from the table alone; region and
-- position order the changes of holds.
CREATE TABLE appointment_history (
  tenant_id      text NOT NULL,
  appointment_id uuid NOT NULL,
  version        integer NOT NULL,
  from_state     text,
  to_state       text NOT NULL,
  cause          text NOT NULL,
  reason         text,
  start_at       timestamptz(0) NOT NULL,
  end_at         timestamptz(0) NOT NULL,
  location       text,
  resource_id    text,
  lane_id        bigint,
  busy_start_at  timestamptz(0),
  busy_end_at    timestamptz(0),
  region         text,
  position       bigint,
  actor          text NOT NULL,
  request_id     text,
  command_id     uuid,
  traceparent    text,
  at             timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, appointment_id, version)
);

-- What clients and processes asked of a region's owner. Undecided ones are found by state, never
-- by a cursor: a lower accepted_seq can commit later. position, decided_now and seed let the
-- decision be replayed.
CREATE TABLE commands (
  tenant_id      text NOT NULL,
  command_id     uuid NOT NULL,
  accepted_seq   bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  operation      text NOT NULL,
  appointment_id uuid,
  region         text NOT NULL,
  regions_tried  text[] NOT NULL DEFAULT '{}',
  payload        jsonb,
  if_match       integer,
  state          text NOT NULL DEFAULT 'pending'
                   CHECK (state IN ('pending', 'applied', 'refused')),
  problem        jsonb,
  result         jsonb,
  created_at     timestamptz NOT NULL,
  decided_at     timestamptz,
  decided_region text,
  position       bigint,
  decided_now    bigint,
  seed           bigint,
  actor          text NOT NULL,
  request_id     text,
  traceparent    text,
  PRIMARY KEY (tenant_id, command_id),
  CHECK ((state = 'pending') = (decided_at IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX commands_pending ON commands (tenant_id, region, accepted_seq)
  WHERE state = 'pending';
CREATE INDEX commands_by_appointment ON commands (tenant_id, appointment_id, accepted_seq)
  WHERE appointment_id IS NOT NULL;

-- Unique whatever the partition of any other table, hence not partitioned; swept in batches.
CREATE TABLE idempotency_keys (
  tenant_id     text NOT NULL,
  operation     text NOT NULL,
  key           text COLLATE "C" NOT NULL,
  content_hash  bytea NOT NULL,
  command_id    uuid,
  subject_id    uuid NOT NULL,
  actor         text NOT NULL,
  first_used_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, operation, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys USING brin (first_used_at);

-- What occupies a lane, buffers included. Apart from appointments so that changes of state do not
-- pay for the guard again. A move deletes and inserts; so does a swap, in one transaction.
CREATE TABLE slot_holds (
  tenant_id             text NOT NULL,
  appointment_id        uuid NOT NULL,
  region                text NOT NULL,
  resource_id           text NOT NULL,
  lane_id               bigint NOT NULL,
  busy_start_at         timestamptz(0) NOT NULL,
  busy_end_at           timestamptz(0) NOT NULL,
  buffer_before_seconds integer NOT NULL DEFAULT 0 CHECK (buffer_before_seconds >= 0),
  buffer_after_seconds  integer NOT NULL DEFAULT 0 CHECK (buffer_after_seconds >= 0),
  location              text,
  service_type          text NOT NULL,
  pin                   text NOT NULL DEFAULT 'movable'
                          CHECK (pin IN ('tentative', 'movable', 'notified', 'pinned', 'started')),
  moves                 integer NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, appointment_id),
  CHECK (busy_start_at < busy_end_at
    AND busy_start_at >= '0001-01-01 00:00+00' AND busy_end_at < '9999-01-01 00:00+00'),
  -- Time on x, lane on y. Half a second less at the end and a gap of 3 between lanes, because
  -- boxes that touch count as overlapping. Not deferrable: no role and no setting slips past it.
  CONSTRAINT no_overlap EXCLUDE USING gist (box(
    point(date_part('epoch', busy_start_at - timestamptz '1970-01-01 00:00+00'),
          lane_id::float8 * 4),
    point(date_part('epoch', busy_end_at - timestamptz '1970-01-01 00:00+00') - 0.5,
          lane_id::float8 * 4 + 1)) WITH &&)
);
CREATE INDEX slot_holds_by_region ON slot_holds (tenant_id, region, busy_end_at);

-- Events ----------------------------------------------------------------------------------

-- 64 shards for the life of a database: the shard is a function of the appointment id, and the
-- row is inserted only after the appointment's row is locked, so ids follow versions.
CREATE TABLE outbox (
  shard          smallint NOT NULL CHECK (shard BETWEEN 0 AND 63),
  outbox_id      bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  tenant_id      text NOT NULL,
  appointment_id uuid NOT NULL,
  version        integer NOT NULL,
  type           text NOT NULL,
  event          text NOT NULL,
  attempts       integer NOT NULL DEFAULT 0,
  actor          text NOT NULL,
  request_id     text,
  command_id     uuid,
  traceparent    text,
  created_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (shard, outbox_id)
);

-- The relay's lease and the last position given out, per shard.
CREATE TABLE outbox_shards (
  shard            smallint PRIMARY KEY CHECK (shard BETWEEN 0 AND 63),
  last_position    bigint NOT NULL DEFAULT 0,
  owner            uuid,
  owner_session    bigint,
  token            bigint NOT NULL DEFAULT 0,
  lease_expires_at timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 20);
INSERT INTO outbox_shards (shard) SELECT generate_series(0, 63);

-- Events of an appointment whose event was refused by the bus: they wait here, in order.
CREATE TABLE outbox_parked (
  tenant_id      text NOT NULL,
  appointment_id uuid NOT NULL,
  shard          smallint NOT NULL,
  reason         text NOT NULL,
  parked_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, appointment_id)
);

-- Only the relay appends, under its shard's lease, in the statement that deletes from the outbox.
CREATE TABLE event_log (
  shard          smallint NOT NULL,
  position       bigint NOT NULL,
  tenant_id      text NOT NULL,
  appointment_id uuid NOT NULL,
  version        integer NOT NULL,
  type           text NOT NULL,
  event          text NOT NULL,
  traceparent    text,
  created_at     timestamptz NOT NULL,
  appended_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (shard, position, appended_at)
) PARTITION BY RANGE (appended_at);
CREATE INDEX event_log_by_appointment ON event_log (tenant_id, appointment_id, version);

-- Weekly partitions, made ahead by the relay; the default one only catches what it missed.
CREATE TABLE event_log_default PARTITION OF event_log DEFAULT;
CREATE FUNCTION create_event_log_partitions(weeks integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  first_day date := date_trunc('week', now() AT TIME ZONE 'UTC')::date;
  day date; made integer := 0; partition_name text;
BEGIN
  FOR i IN 0 .. weeks LOOP
    day := first_day + 7 * i;
    partition_name := 'event_log_' || to_char(day, 'YYYYMMDD');
    IF to_regclass(partition_name) IS NULL THEN
      EXECUTE format('CREATE TABLE %I PARTITION OF event_log FOR VALUES FROM (%L) TO (%L)',
        partition_name, day::text || ' 00:00+00', (day + 7)::text || ' 00:00+00');
      made := made + 1;
    END IF;
  END LOOP;
  RETURN made;
END $$;
SELECT create_event_log_partitions(4);

CREATE TABLE consumer_cursors (
  consumer text NOT NULL,
  shard    smallint NOT NULL,
  position bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (consumer, shard)
);

-- What a consumer has taken: written in the transaction of its effect.
CREATE TABLE inbox (
  consumer       text NOT NULL,
  tenant_id      text NOT NULL,
  appointment_id uuid NOT NULL,
  version        integer NOT NULL,
  taken_at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, tenant_id, appointment_id, version)
);
CREATE INDEX inbox_by_age ON inbox USING brin (taken_at);

-- Tasks, sagas, notifications -------------------------------------------------------------

-- A claim raises attempts and sets the lease; every finishing statement names both, so a paused
-- worker cannot finish what another has taken over.
CREATE TABLE tasks (
  tenant_id         text NOT NULL,
  task_id           bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  lane              text NOT NULL
                      CHECK (lane IN ('saga', 'notification', 'webhook', 'maintenance')),
  kind              text NOT NULL,
  ordering_key      text,
  appointment_id    uuid,
  saga_id           uuid,
  payload           jsonb,
  attempts          integer NOT NULL DEFAULT 0,
  last_delay_ms     integer NOT NULL DEFAULT 0,
  run_at            timestamptz NOT NULL DEFAULT now(),
  deadline_at       timestamptz,
  lease_owner       uuid,
  lease_session     bigint,
  lease_expires_at  timestamptz,
  actor             text NOT NULL,
  request_id        text,
  command_id        uuid,
  traceparent       text,
  created_at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, task_id)
);
-- By tenant, because a claim takes a fair share of each.
CREATE INDEX tasks_ready ON tasks (lane, tenant_id, run_at, task_id) WHERE lease_owner IS NULL;
-- Tells whether an earlier task of the same key is still there.
CREATE INDEX tasks_by_key ON tasks (tenant_id, lane, ordering_key, task_id)
  WHERE ordering_key IS NOT NULL;
CREATE INDEX tasks_leased ON tasks (lease_expires_at) WHERE lease_owner IS NOT NULL;

CREATE TABLE dead_letters (
  tenant_id      text NOT NULL,
  task_id        bigint NOT NULL,
  lane           text NOT NULL,
  kind           text NOT NULL,
  ordering_key   text,
  appointment_id uuid,
  saga_id        uuid,
  payload        jsonb,
  attempts       integer NOT NULL,
  reason         text NOT NULL,
  actor          text NOT NULL,
  request_id     text,
  command_id     uuid,
  traceparent    text,
  created_at     timestamptz NOT NULL,
  died_at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, task_id)
);

CREATE TABLE sagas (
  tenant_id           text NOT NULL,
  saga_id             uuid NOT NULL,
  kind                text NOT NULL CHECK (kind IN ('create', 'reschedule', 'reassign', 'cancel')),
  appointment_id      uuid NOT NULL,
  appointment_version integer NOT NULL,
  state               text NOT NULL DEFAULT 'running'
                        CHECK (state IN ('running', 'compensating', 'parked', 'done',
                                         'compensated', 'superseded')),
  step                text NOT NULL,
  deadline_at         timestamptz NOT NULL,
  created_at          timestamptz NOT NULL DEFAULT now(),
  finished_at         timestamptz,
  PRIMARY KEY (tenant_id, saga_id)
) WITH (fillfactor = 80);
CREATE INDEX sagas_by_appointment ON sagas (tenant_id, appointment_id);
CREATE INDEX sagas_open ON sagas (deadline_at) WHERE finished_at IS NULL;

-- The journal: every attempt of every step, in either direction.
CREATE TABLE saga_steps (
  tenant_id          text NOT NULL,
  saga_id            uuid NOT NULL,
  step               text NOT NULL,
  direction          text NOT NULL CHECK (direction IN ('run', 'compensate')),
  attempt            integer NOT NULL,
  started_at         timestamptz NOT NULL,
  finished_at        timestamptz,
  outcome            text CHECK (outcome IN ('succeeded', 'failed', 'refused', 'ambiguous')),
  error_class        text,
  external_reference text,
  latency_ms         integer,
  PRIMARY KEY (tenant_id, saga_id, step, direction, attempt)
);

-- Once per (transition, channel, recipient): recorded before the send and marked after it.
-- recipient is a keyed hash, so that the row names nobody.
CREATE TABLE notifications (
  tenant_id       text NOT NULL,
  appointment_id  uuid NOT NULL,
  version         integer NOT NULL,
  channel         text NOT NULL CHECK (channel IN ('email', 'sms', 'webhook')),
  recipient       text NOT NULL,
  template        text NOT NULL,
  state           text NOT NULL
                    CHECK (state IN ('pending', 'sending', 'sent', 'skipped', 'failed')),
  reason          text,
  message_id      text,
  attempts        integer NOT NULL DEFAULT 0,
  ambiguous_sends integer NOT NULL DEFAULT 0,
  created_at      timestamptz NOT NULL DEFAULT now(),
  sent_at         timestamptz,
  PRIMARY KEY (tenant_id, appointment_id, version, channel, recipient)
);

-- The tenant that every database starts with, and the founding document's two service types.
INSERT INTO tenants (tenant_id, name) VALUES ('default', 'Default');
INSERT INTO regions (tenant_id, region) VALUES ('default', 'default');
INSERT INTO service_types (tenant_id, code, name)
  VALUES ('default', 'consultation', 'Consultation'), ('default', 'pickup', 'Pickup');
