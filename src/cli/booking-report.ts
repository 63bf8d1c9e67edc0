import type { HttpAnswer } from '../io/http-client.ts';
import { problemCode, problemText, type Sent } from './patient-send.ts';
import { percentiles, type Percentiles } from './percentiles.ts';

export interface BookingSummary {
  accepted: number;
  refused: { total: number; reasons: Record<string, number> };
  /** Of accepted and refused together: answered from an earlier run. */
  replayed: number;
  /** Rows without a decision. */
  failed: { where: string; why: string }[];
  seconds: number;
  latency_ms: Percentiles | null;
}

/** Collects what became of each row. */
export class BookingReport {
  #accepted = 0;
  #replayed = 0;
  readonly #reasons = new Map<string, number>();
  readonly #failed: { where: string; why: string }[] = [];
  readonly #latenciesMs: number[] = [];

  add(where: string, { answer, attempts }: Sent, latencyMs: number): void {
    const { status, headers, body } = answer;
    if (status === 200 || status === 201) this.#accepted += 1;
    else if (status === 409 || status === 422) this.#refuse(reasonOf(answer));
    else return this.fail(where, whyUndecided(status, body));
    this.#latenciesMs.push(latencyMs);
    // After a lost answer the service replays what this very run has booked.
    if (headers['idempotency-replayed'] === 'true' && attempts === 1) this.#replayed += 1;
  }

  fail(where: string, why: string): void {
    this.#failed.push({ where, why });
  }

  #refuse(reason: string): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }

  summary(seconds: number): BookingSummary {
    const reasons = [...this.#reasons].sort(([, a], [, b]) => b - a);
    return {
      accepted: this.#accepted,
      refused: {
        total: reasons.reduce((sum, [, count]) => sum + count, 0),
        reasons: Object.fromEntries(reasons),
      },
      replayed: this.#replayed,
      failed: this.#failed,
      seconds: Math.round(seconds * 100) / 100,
      latency_ms: percentiles(this.#latenciesMs) ?? null,
    };
  }
}

function reasonOf({ body }: HttpAnswer): string {
  const { reason } = (body ?? {}) as { reason?: unknown };
  return typeof reason === 'string' ? reason : (problemCode(body) ?? 'unknown');
}

function whyUndecided(status: number, body: unknown): string {
  if (status === 202) return 'accepted and not decided yet: run again';
  return `${status} ${problemText(body) ?? ''}`.trim();
}

export function bookingText(summary: BookingSummary): string {
  const { accepted, refused, replayed, failed, seconds, latency_ms: latency } = summary;
  const reasons = Object.entries(refused.reasons).map(([reason, count]) => `${reason} ${count}`);
  const lines = [
    `accepted ${accepted}, refused ${refused.total}, failed ${failed.length} in ${seconds} s` +
      (replayed > 0 ? ` (${replayed} booked by an earlier run)` : ''),
  ];
  if (reasons.length > 0) lines.push(`refused: ${reasons.join(', ')}`);
  if (latency !== null) {
    lines.push(`latency: p50 ${latency.p50} ms, p95 ${latency.p95} ms, p99 ${latency.p99} ms`);
  }
  return lines.join('\n');
}
