-- The audit: what may be appended only, and the chain of hashes over it. docs/how-to/audit.md has
-- the canonical form; docs/decisions/0009-audit.md says why it is as it is.

-- One row per admin action, written with the change itself. A change of an appointment's state has
-- its row of appointment_history, which is its entry. Nothing here names or describes a person.
CREATE TABLE audit_entries (
  tenant_id  text NOT NULL,
  entry_id   uuid NOT NULL DEFAULT gen_random_uuid(),
  at         timestamptz NOT NULL DEFAULT now(),
  actor      text NOT NULL,
  action     text NOT NULL,
  subject    text NOT NULL,
  request_id text,
  details    jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, entry_id)
);
CREATE INDEX audit_entries_by_time ON audit_entries (tenant_id, at, entry_id);

-- Entries that no link covers yet. Found by being here and not by a cursor: an entry that was made
-- earlier can be committed later.
CREATE TABLE audit_unlinked (
  tenant_id text NOT NULL,
  entry_id  uuid NOT NULL,
  PRIMARY KEY (tenant_id, entry_id)
);
CREATE FUNCTION await_audit_link() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit_unlinked (tenant_id, entry_id) SELECT tenant_id, entry_id FROM made;
  RETURN NULL;
END $$;
CREATE TRIGGER await_link AFTER INSERT ON audit_entries REFERENCING NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION await_audit_link();

-- A chain per tenant and shard; shard -1 is that of the admin entries, whose versions are 0. The
-- arrays run in step: an entry's id, version and digest. A digest is null where the row was gone
-- when it was to be linked.
CREATE TABLE audit_links (
  tenant_id text NOT NULL,
  shard     smallint NOT NULL CHECK (shard BETWEEN -1 AND 63),
  seq       bigint NOT NULL CHECK (seq > 0),
  linked_at timestamptz NOT NULL,
  ids       uuid[] NOT NULL CHECK (cardinality(ids) > 0),
  versions  integer[] NOT NULL CHECK (cardinality(versions) = cardinality(ids)),
  digests   bytea[] NOT NULL CHECK (cardinality(digests) = cardinality(ids)),
  previous  bytea NOT NULL,
  hash      bytea NOT NULL,
  PRIMARY KEY (tenant_id, shard, seq)
);
-- Hashes do not compress, and trying costs more than all the rest.
ALTER TABLE audit_links ALTER ids SET STORAGE EXTERNAL, ALTER digests SET STORAGE EXTERNAL;

-- Free text enters a digest only as its hash with a salt. Erasing a customer deletes the salts:
-- what stays of the text is a number that nobody can test a guess against.
CREATE TABLE audit_salts (
  tenant_id   text NOT NULL,
  customer_id uuid NOT NULL,
  shard       smallint NOT NULL,
  salt        bytea NOT NULL,
  PRIMARY KEY (tenant_id, customer_id, shard)
);

-- What stands in the digest for text that was erased.
CREATE TABLE erased_texts (
  tenant_id           text NOT NULL,
  appointment_id      uuid NOT NULL,
  version             integer NOT NULL,
  location_commitment bytea,
  reason_commitment   bytea,
  PRIMARY KEY (tenant_id, appointment_id, version)
);

-- The canonical form, version 1: PostgreSQL's binary form of a row of these columns.
CREATE FUNCTION audit_commitment(salt bytea, field text, content text) RETURNS bytea
LANGUAGE sql STABLE STRICT AS
  $$ SELECT sha256(salt || convert_to(field || ':' || content, 'UTF8')) $$;

CREATE FUNCTION audit_digest(
  h appointment_history, location_commitment bytea, reason_commitment bytea
) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT (CASE WHEN location_commitment IS NULL
      THEN CASE WHEN reason_commitment IS NULL THEN '\x00'::bytea ELSE '\x02' END
      ELSE CASE WHEN reason_commitment IS NULL THEN '\x01'::bytea ELSE '\x03' END END)
    || sha256(record_send(ROW(1::int2, h.tenant_id, h.appointment_id, h.version, h.from_state,
      h.to_state, h.cause, h.start_at, h.end_at, h.resource_id, h.lane_id, h.busy_start_at,
      h.busy_end_at, h.region, h.position, h.actor, h.request_id, h.command_id, h.traceparent, h.at,
      CASE WHEN location_commitment IS NULL THEN h.location END, location_commitment,
      CASE WHEN reason_commitment IS NULL THEN h.reason END, reason_commitment))) $$;

CREATE FUNCTION audit_digest(e audit_entries) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT '\x00'::bytea || sha256(record_send(ROW(1::int2, e.tenant_id, e.entry_id, e.at, e.actor,
    e.action, e.subject, e.request_id, e.details))) $$;

CREATE FUNCTION audit_link_hash(l audit_links) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(record_send(ROW(1::int2, l.tenant_id, l.shard, l.seq, l.linked_at, l.previous,
    l.ids, l.versions, l.digests))) $$;

-- Append-only -----------------------------------------------------------------------------

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'SW005';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_links
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON erased_texts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON appointment_history
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- History changes in one way: free text gives way to the word 'erased', once its commitment is
-- kept.
CREATE FUNCTION allow_erasure_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  kept erased_texts; allowed appointment_history := OLD;
BEGIN
  SELECT * INTO kept FROM erased_texts e WHERE e.tenant_id = OLD.tenant_id
    AND e.appointment_id = OLD.appointment_id AND e.version = OLD.version;
  IF kept.location_commitment IS NOT NULL THEN allowed.location := 'erased'; END IF;
  IF kept.reason_commitment IS NOT NULL THEN allowed.reason := 'erased'; END IF;
  IF NEW IS DISTINCT FROM allowed THEN
    RAISE EXCEPTION 'appointment_history is append-only' USING ERRCODE = 'SW005';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER append_only_but_erasure BEFORE UPDATE ON appointment_history
  FOR EACH ROW EXECUTE FUNCTION allow_erasure_only();

-- The chain follows the event log as its consumers do; what it has not read is not dropped.
INSERT INTO consumer_cursors (consumer, shard) SELECT 'audit', generate_series(0, 63);
