import type { HttpAnswer } from '../io/http-client.ts';
import { problemCode, problemText, type Sent } from './patient-send.ts';
import { percentiles, type Percentiles } from './percentiles.ts';

export interface BookingSummary {
  /** Rows that were to be booked. */
  rows: number;
  accepted: number;
  refused: { total: number; reasons: Record<string, number> };
  /** Of accepted and refused together: answered from an earlier run. */
  replayed: number;
  /** Accepted and, as asked, not waited for. */
  pending: number;
  /** Rows of an export that are not to be booked. */
  passed_over: number;
  /** Rows without a decision, the first 1,000 of them. */
  failed: { where: string; why: string }[];
  failed_total: number;
  seconds: number;
  latency_ms: Percentiles | null;
}

/** What became of one row. */
export interface RowOutcome {
  outcome: 'accepted' | 'refused' | 'pending' | 'failed';
  appointment_id: string | null;
  reason: string | null;
}

const KEPT_FAILURES = 1_000;

/** Collects what became of each row. */
export class BookingReport {
  readonly #waits: boolean;
  #accepted = 0;
  #replayed = 0;
  #pending = 0;
  readonly #reasons = new Map<string, number>();
  readonly #failed: { where: string; why: string }[] = [];
  #failedTotal = 0;
  readonly #latenciesMs: number[] = [];

  /** Whether answers were waited for: then one without a decision is a failure. */
  constructor({ waits }: { waits: boolean }) {
    this.#waits = waits;
  }

  add(where: string, { answer, attempts }: Sent, latencyMs: number): RowOutcome {
    const row = outcomeOf(answer, this.#waits);
    if (row.outcome === 'failed') {
      this.fail(where, row.reason ?? '');
      return row;
    }
    if (row.outcome === 'accepted') this.#accepted += 1;
    else if (row.outcome === 'pending') this.#pending += 1;
    else this.#refuse(row.reason ?? 'unknown');
    this.#latenciesMs.push(latencyMs);
    // After a lost answer the service replays what this very run has booked.
    if (answer.headers['idempotency-replayed'] === 'true' && attempts === 1) this.#replayed += 1;
    return row;
  }

  fail(where: string, why: string): void {
    this.#failedTotal += 1;
    if (this.#failed.length < KEPT_FAILURES) this.#failed.push({ where, why });
  }

  #refuse(reason: string): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }

  summary(counted: { rows: number; passedOver: number; seconds: number }): BookingSummary {
    const reasons = [...this.#reasons].sort(([, a], [, b]) => b - a);
    return {
      rows: counted.rows,
      accepted: this.#accepted,
      refused: {
        total: reasons.reduce((sum, [, count]) => sum + count, 0),
        reasons: Object.fromEntries(reasons),
      },
      replayed: this.#replayed,
      pending: this.#pending,
      passed_over: counted.passedOver,
      failed: this.#failed,
      failed_total: this.#failedTotal,
      seconds: Math.round(counted.seconds * 100) / 100,
      latency_ms: percentiles(this.#latenciesMs) ?? null,
    };
  }
}

function outcomeOf({ status, body }: HttpAnswer, waits: boolean): RowOutcome {
  const { id, appointment_id: refusedId, reason } = (body ?? {}) as Record<string, unknown>;
  const appointment_id = textOf(id) ?? textOf(refusedId) ?? null;
  if (status === 200 || status === 201)
    return { outcome: 'accepted', appointment_id, reason: null };
  if (status === 202 && !waits) return { outcome: 'pending', appointment_id, reason: null };
  if (isRefusal(status, body)) {
    const why = textOf(reason) ?? problemCode(body) ?? 'unknown';
    return { outcome: 'refused', appointment_id, reason: why };
  }
  return { outcome: 'failed', appointment_id, reason: whyUndecided(status, body) };
}

/** A key in flight belongs to a request that is not decided yet. */
function isRefusal(status: number, body: unknown): boolean {
  if (status === 409) return problemCode(body) !== 'key-in-flight';
  return status === 422;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function whyUndecided(status: number, body: unknown): string {
  if (status === 202) return 'accepted and not decided yet: run again';
  return `${status} ${problemText(body) ?? ''}`.trim();
}

export function bookingText(summary: BookingSummary): string {
  const { accepted, refused, replayed, pending, seconds, latency_ms: latency } = summary;
  const reasons = Object.entries(refused.reasons).map(([reason, count]) => `${reason} ${count}`);
  const lines = [
    `accepted ${accepted}, refused ${refused.total}, failed ${summary.failed_total}` +
      (pending > 0 ? `, not decided yet ${pending}` : '') +
      ` in ${seconds} s` +
      (replayed > 0 ? ` (${replayed} booked by an earlier run)` : ''),
  ];
  if (reasons.length > 0) lines.push(`refused: ${reasons.join(', ')}`);
  if (summary.passed_over > 0) {
    lines.push(`passed over: ${summary.passed_over} rows of an export that are not to be booked`);
  }
  if (latency !== null) {
    lines.push(`latency: p50 ${latency.p50} ms, p95 ${latency.p95} ms, p99 ${latency.p99} ms`);
  }
  return lines.join('\n');
}
