import type { Appointment } from '../domain/appointment.ts';

/** A create request that was checked and normalised, with the appointment that it asks for. */
export interface ExpressCreate<Row> {
  row: Row;
  appointment: Appointment;
  /** Called, where it is set, within the transaction that accepts the request. */
  beforeCommit?: () => Promise<void>;
}

/**
 * `accepted`: durable, and decided in the same transaction. `not-accepted`: its key was used
 * before, or it was checked against an older catalogue. `elsewhere`: the
 * request is to be accepted as a command that waits for its decision; should it have been taken all
 * the same, its key will tell.
 */
export type ExpressOutcome = 'accepted' | 'not-accepted' | 'elsewhere';

/**
 * The short way in, where the api has the owner of the request's region in its own process:
 * accepting and deciding are one transaction. It is never the only way: whatever cannot go by it
 * is accepted as a command first.
 */
export interface ExpressLane<Row> {
  submit(create: ExpressCreate<Row>): Promise<ExpressOutcome>;
}
