-- Engines share the regions out among those that are there. A process says here until when its
-- engine counts; standing by without a region it has no other lease that would tell.
ALTER TABLE processes
  ADD COLUMN engine_lease_expires_at timestamptz NOT NULL DEFAULT '-infinity';
