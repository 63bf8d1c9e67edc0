-- The reconciler asks of every saga without a task whether it is among the dead letters.
CREATE INDEX dead_letters_by_saga ON dead_letters (saga_id) WHERE saga_id IS NOT NULL;
