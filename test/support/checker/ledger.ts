export type ClientOperation =
  'create' | 'update' | 'cancel' | 'start' | 'complete' | 'fail' | 'read';

/** One HTTP request as its client saw it; a retry is a request of its own. Times: monotonic ms. */
export interface LedgerEntry {
  tenant: string;
  operation: ClientOperation;
  /** Absent on reads. */
  key?: string;
  /** The request's meaning as text: equal texts are the same content to the service. */
  content: string;
  body?: Record<string, unknown>;
  /** Whether the request asked to be answered by the decision. */
  waited: boolean;
  startedMs: number;
  endedMs: number;
  /** Absent where no answer came: the request may have happened or not. */
  answer?: LedgerAnswer;
  error?: string;
}

export interface LedgerAnswer {
  status: number;
  /** The problem's code, on errors. */
  code?: string;
  reason?: string;
  replayed: boolean;
  commandId?: string;
  appointmentId?: string;
  version?: number;
  state?: string;
}

/** What clients saw, in order of the answers. Events and mails are what came out at the far end. */
export class Ledger {
  readonly entries: LedgerEntry[] = [];
  /** Bytes of events in the order of their delivery to one reader that began at the beginning. */
  readonly deliveredEvents: string[] = [];
  readonly mails: MailSeen[] = [];
  /** Whether `deliveredEvents` comes from a reader that has read to the end. */
  readToTheEnd = false;

  add(entry: LedgerEntry): void {
    this.entries.push(entry);
  }

  /** Requests whose command was acknowledged as durable: those that were told its id. */
  acknowledged(): Acknowledged[] {
    return this.entries.flatMap((entry) => {
      const { key, answer } = entry;
      if (key === undefined || answer?.commandId === undefined) return [];
      return [{ ...entry, key, answer, commandId: answer.commandId }];
    });
  }
}

export type Acknowledged = LedgerEntry & { key: string; answer: LedgerAnswer; commandId: string };

export interface MailSeen {
  appointmentId: string;
  version: number;
  recipient: string;
}
