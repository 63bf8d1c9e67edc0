-- Sagas that call third parties: calendars of resources, what is reserved in them, and breakers.

-- Part of the mark that our events bear in calendars: two installations may share one.
ALTER TABLE installation ADD COLUMN installation_id uuid NOT NULL DEFAULT gen_random_uuid();

-- Sagas that call calendars have a lane of their own. There attempts is the fence alone; how often
-- a step was tried, the journal tells. parked_reason says why a task waits without having been run.
ALTER TABLE tasks DROP CONSTRAINT tasks_lane_check;
ALTER TABLE tasks ADD CONSTRAINT tasks_lane_check
  CHECK (lane IN ('saga', 'calendar', 'notification', 'webhook', 'maintenance'));
ALTER TABLE tasks ADD COLUMN parked_reason text;

-- Passwords of calendars, each in force while its resource names it (resources.calendar). Apart
-- from the resources, so that whoever reads those never has one in hand.
CREATE TABLE calendar_passwords (
  tenant_id   text NOT NULL REFERENCES tenants,
  password_id uuid NOT NULL,
  password    text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, password_id)
);

-- What may stand in a calendar of an appointment, written before the call that may put it there.
--   may-exist: an attempt to reserve is under way, or was and may have had its effect
--   held:      it is there, from start_at to end_at
--   releasing: as may-exist, but an attempt to release
--   released:  it is certainly not there
-- settled_state is what it is where the attempt under way turns out to have done nothing.
CREATE TABLE calendar_reservations (
  tenant_id          text NOT NULL,
  appointment_id     uuid NOT NULL,
  resource_id        text NOT NULL,
  state              text NOT NULL
                       CHECK (state IN ('may-exist', 'held', 'releasing', 'released')),
  settled_state      text NOT NULL
                       CHECK (settled_state IN ('may-exist', 'held', 'releasing', 'released')),
  saga_id            uuid NOT NULL,
  start_at           timestamptz(0),
  end_at             timestamptz(0),
  external_reference text,
  last_ambiguous_at  timestamptz,
  refused_version    integer,
  updated_at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, appointment_id, resource_id)
) WITH (fillfactor = 70);
CREATE INDEX calendar_reservations_live ON calendar_reservations (resource_id, tenant_id)
  WHERE state <> 'released';
CREATE INDEX resources_with_calendar ON resources (tenant_id, resource_id)
  WHERE calendar ->> 'kind' <> 'none';

-- reason: why a saga is being taken back. refused: a calendar would not, and the region's owner was
-- asked for another resource.
ALTER TABLE sagas ADD COLUMN reason text;
ALTER TABLE sagas DROP CONSTRAINT sagas_state_check;
ALTER TABLE sagas ADD CONSTRAINT sagas_state_check CHECK (state IN ('running', 'compensating',
  'parked', 'done', 'compensated', 'superseded', 'refused'));

-- The breakers of each living worker that are not closed, and what operators have forced.
CREATE TABLE breaker_states (
  process_id  uuid NOT NULL,
  provider    text NOT NULL,
  tenant_id   text NOT NULL,
  state       text NOT NULL CHECK (state IN ('closed', 'open', 'half-open', 'ramping')),
  forced      text CHECK (forced IN ('open', 'closed')),
  open_until  timestamptz,
  open_reason text,
  calls       integer NOT NULL,
  bad         integer NOT NULL,
  reported_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, provider, process_id)
);
CREATE TABLE breaker_overrides (
  tenant_id  text NOT NULL,
  provider   text NOT NULL,
  forced     text NOT NULL CHECK (forced IN ('open', 'closed')),
  actor      text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, provider)
);
