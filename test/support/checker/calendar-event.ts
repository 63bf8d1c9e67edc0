/** What stands in a resource's calendar; the calendar bears the resource's id. */
export interface CalendarEvent {
  calendar: string;
  /** The mark of a reservation of ours: appointment and resource; null: somebody else's. */
  id: string | null;
  start_s: number;
  end_s: number;
}
