-- Accepting and deciding in one transaction, and cheaper sagas and cursors.

-- The last call of the statement that accepts and decides: raising takes all of it back. The detail
-- names the commands whose keys were new.
CREATE FUNCTION assert_accepted(fenced bigint, fresh uuid[], planned integer) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  IF fenced <> 1 THEN
    RAISE EXCEPTION 'the region has another owner' USING ERRCODE = 'SW002';
  END IF;
  IF coalesce(cardinality(fresh), 0) <> planned THEN
    RAISE EXCEPTION '% of % requests can be accepted', coalesce(cardinality(fresh), 0), planned
      USING ERRCODE = 'SW004', DETAIL = coalesce(array_to_string(fresh, ' '), '');
  END IF;
  RETURN true;
END $$;

-- An open saga has a task or a dead letter, and is found by it. Without this index the end of a
-- saga changes no indexed column, so that no index is written again.
DROP INDEX sagas_open;

-- Cursors are moved all the time: room for the new versions beside the old ones.
ALTER TABLE consumer_cursors SET (fillfactor = 20);

-- Nearly every booking is confirmed, and its saga ended, within moments, a whole page in one
-- transaction: only with room for a second version of every row is no index written again.
ALTER TABLE appointments SET (fillfactor = 50);
ALTER TABLE sagas SET (fillfactor = 50);

-- Begins with the column that few rows share: an index that begins with the tenant looks as good as
-- the primary key while the table is empty, and a plan kept from then reads all of the tenant.
DROP INDEX sagas_by_appointment;
CREATE INDEX sagas_by_appointment ON sagas (appointment_id, tenant_id);
