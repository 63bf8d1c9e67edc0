import type { CalendarEvent } from './calendar-event.ts';
import { acknowledgedIsKept } from './s3-acknowledged-is-kept.ts';
import { auditChains, auditComplete } from './s12-audit.ts';
import { readFacts } from './facts.ts';
import { fencing } from './s9-fencing.ts';
import { keysDecided } from './l4-keys-decided.ts';
import { Ledger } from './ledger.ts';
import { legalWords } from './s6-legal-words.ts';
import { noDeadLeases } from './l3-no-dead-leases.ts';
import { noEventWithoutState } from './s5-no-event-without-state.ts';
import { noOrphans } from './l7-no-orphans.ts';
import { noOverlap } from './s1-no-overlap.ts';
import { notificationsOnce } from './s13-notifications.ts';
import { oneOutcomePerKey } from './s2-one-outcome-per-key.ts';
import { outboxEmpty } from './l2-outbox-empty.ts';
import { reservationsMatch } from './s7-reservations.ts';
import { compensationsFit } from './s8-compensations.ts';
import { sagasFinal } from './l1-sagas-final.ts';
import { attemptsWithinLimits, defaultRetryLimits, type RetryLimits } from './s10-attempts.ts';
import { versionsAndEvents } from './s4-versions-and-events.ts';
import type { Violation } from './violation.ts';

export interface CheckOptions {
  databaseUrl: string;
  ledger?: Ledger;
  /** False while faults still act: then only what must hold at every moment is asked. */
  settled?: boolean;
  /** What stands in calendars outside. */
  calendarEvents?: readonly CalendarEvent[];
  /** The transitions that somebody must be told of. */
  notified?: readonly string[];
  /** Where the installation has others than the contract's. */
  retry?: RetryLimits;
}

/**
 * Holds what clients saw and what the database holds against every guarantee. The guarantees are
 * written from their page alone and share no code with the product.
 */
export async function checkAll(options: CheckOptions): Promise<Violation[]> {
  const { databaseUrl, ledger = new Ledger(), settled = true } = options;
  const facts = await readFacts(databaseUrl);
  const required = new Set(options.notified ?? ['confirmed']);
  const always = [
    ...noOverlap(facts),
    ...oneOutcomePerKey(facts, ledger),
    ...acknowledgedIsKept(facts, ledger),
    ...versionsAndEvents(facts, ledger),
    ...noEventWithoutState(facts, ledger),
    ...legalWords(facts),
    ...fencing(facts),
    ...attemptsWithinLimits(facts, options.retry ?? defaultRetryLimits),
    ...auditChains(facts),
  ];
  if (!settled) return always;
  return [
    ...always,
    ...auditComplete(facts),
    ...notificationsOnce(facts, ledger, required),
    ...reservationsMatch(facts, options.calendarEvents ?? []),
    ...compensationsFit(facts),
    ...sagasFinal(facts),
    ...outboxEmpty(facts),
    ...noDeadLeases(facts),
    ...keysDecided(facts),
    ...noOrphans(facts),
  ];
}
