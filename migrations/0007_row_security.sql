-- Row-level security, as a second net under the tenant in every WHERE. Roles belong to the server
-- and not to the database, so they may be there already, or not be ours to make: what can be done
-- is done by settle_row_security(), which every upgrade calls, after whatever tables it has made.
--
--   slotwright_reader     answers requests: sees the rows of the tenant it was told in its
--                         transaction (slotwright.tenant), without one none; writes nothing
--   slotwright_directory  what is asked before the tenant is known or about all of them: keys,
--                         tenants, processes, how long the log is
--   slotwright_writer     batches of all tenants, engine, relay, worker; owns nothing

-- The places of the log, which a reader's cursor must get past whosever they are: an event of
-- another tenant than the one that was told is not in it. A view reads with its owner's rights.
CREATE VIEW event_places AS
  SELECT shard, position, tenant_id, appended_at,
    CASE WHEN tenant_id = current_setting('slotwright.tenant', true) THEN event END AS event
  FROM event_log;

-- Ours, whoever else has tables in this schema; partitions are reached through their parents.
CREATE VIEW own_tables AS
  SELECT c.oid, c.relname AS name, c.relrowsecurity AS guarded, EXISTS (
      SELECT FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS of_tenants
  FROM pg_class c JOIN pg_class m ON m.oid = 'schema_migrations'::regclass
    AND m.relnamespace = c.relnamespace AND m.relowner = c.relowner
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition;
GRANT SELECT ON own_tables TO PUBLIC;

CREATE FUNCTION net_roles() RETURNS text[] LANGUAGE sql IMMUTABLE AS
  $$ SELECT '{slotwright_reader,slotwright_directory,slotwright_writer}'::text[] $$;

-- Before PostgreSQL 16 whoever is a member may act as the role.
CREATE FUNCTION may_act_as(role_name text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(pg_has_role(to_regrole(role_name), CASE
    WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END),
    false)
$$;

-- What keeps the one who asks from working under the roles; null: nothing, the net is on.
CREATE FUNCTION row_security_gap() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce(
    (SELECT format('the roles %s are missing, and %s may not create roles',
        string_agg(r, ', '), current_user)
      FROM unnest(net_roles()) r WHERE to_regrole(r) IS NULL HAVING count(*) > 0),
    (SELECT format('%s may not act as %s', current_user, string_agg(r, ', '))
      FROM unnest(net_roles()) r WHERE NOT may_act_as(r) HAVING count(*) > 0),
    (SELECT format('%s can get past row-level security', string_agg(r.rolname, ', '))
      FROM pg_roles r WHERE r.rolname = ANY (net_roles()) AND (r.rolsuper OR r.rolbypassrls)
      HAVING count(*) > 0),
    (SELECT format('%s may not use the schema %s', string_agg(r, ', '), current_schema())
      FROM unnest(net_roles()) r WHERE NOT has_schema_privilege(r, current_schema(), 'USAGE')
      HAVING count(*) > 0),
    (SELECT format('%s tables are without policies', count(*)) FROM own_tables
      WHERE of_tenants AND NOT guarded HAVING count(*) > 0))
$$;

-- Makes the roles and becomes a member of them, as far as that is allowed. Databases of one server
-- may be upgraded at once: whoever finds a role just made by another goes on with it.
CREATE FUNCTION ensure_net_roles() RETURNS void LANGUAGE plpgsql AS $$
DECLARE role_name text;
BEGIN
  FOREACH role_name IN ARRAY net_roles() LOOP
    BEGIN
      IF to_regrole(role_name) IS NULL THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    IF NOT may_act_as(role_name) THEN
      EXECUTE format('GRANT %I TO %I', role_name, current_user);
    END IF;
  END LOOP;
EXCEPTION WHEN insufficient_privilege OR unique_violation THEN NULL;
END $$;

CREATE FUNCTION guard_table(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format('CREATE POLICY of_the_tenant_told ON %I FOR SELECT TO slotwright_reader
    USING (tenant_id = current_setting(''slotwright.tenant'', true))', name);
  -- Whoever writes has the tenant in every key and every row.
  EXECUTE format('CREATE POLICY of_all_tenants ON %I TO slotwright_directory, slotwright_writer
    USING (true)', name);
END $$;

CREATE FUNCTION append_only_tables() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT '{appointment_history,event_log,audit_entries,audit_links,erased_texts}'::text[]
$$;

-- What no request reads of its tenant: secrets, and what is the service's own.
CREATE FUNCTION not_for_readers() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT '{api_keys,audit_entries,audit_links,audit_salts,audit_unlinked,calendar_passwords,
    dead_letters,erased_texts,held_events,inbox,outbox_parked,tasks}'::text[]
$$;

-- Brings roles, policies and rights into being where they are missing, and answers what is left of
-- the gap. A table with a tenant_id is guarded and can be read; to the writer every table is open
-- but for what only grows, and what an operator alone changes.
CREATE FUNCTION settle_row_security() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  t record; s text;
BEGIN
  PERFORM ensure_net_roles();
  IF NOT (SELECT bool_and(may_act_as(r)) FROM unnest(net_roles()) r) THEN
    RETURN row_security_gap();
  END IF;
  EXECUTE format('GRANT USAGE ON SCHEMA %I
    TO slotwright_reader, slotwright_directory, slotwright_writer', current_schema());
  FOR t IN SELECT oid, name, guarded, of_tenants FROM own_tables ORDER BY name LOOP
    IF t.of_tenants AND NOT t.guarded THEN
      PERFORM guard_table(t.name);
    END IF;
    IF t.of_tenants AND t.name <> ALL (not_for_readers()) THEN
      EXECUTE format('GRANT SELECT ON %I TO slotwright_reader', t.name);
    END IF;
    EXECUTE format('GRANT %s ON %I TO slotwright_writer', CASE
      WHEN t.name IN ('schema_migrations', 'write_epoch', 'installation') THEN 'SELECT'
      WHEN t.name = ANY (append_only_tables()) THEN 'SELECT, INSERT'
      ELSE 'SELECT, INSERT, UPDATE, DELETE' END, t.name);
    -- Of columns that number their rows.
    FOR s IN SELECT d.objid::regclass FROM pg_depend d JOIN pg_class c
      ON c.oid = d.objid AND c.relkind = 'S' WHERE d.refobjid = t.oid
    LOOP
      EXECUTE format('GRANT USAGE ON SEQUENCE %s TO slotwright_writer', s);
    END LOOP;
  END LOOP;
  GRANT SELECT ON event_places, processes, outbox_shards TO slotwright_reader;
  GRANT SELECT ON tenants, api_keys, processes, outbox_shards TO slotwright_directory;
  -- Partitions are made and dropped by whoever owns the log.
  FOR t IN SELECT unnest('{create,drop}'::text[]) || '_event_log_partitions' AS name LOOP
    EXECUTE format('ALTER FUNCTION %I(integer) SECURITY DEFINER SET search_path = %I, pg_temp',
      t.name, current_schema());
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %I(integer) FROM PUBLIC', t.name);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %I(integer) TO slotwright_writer', t.name);
  END LOOP;
  RETURN row_security_gap();
END $$;
