import type { TestEvent } from 'node:test/reporters';

/** What became of one test, as one line of JSON. */
export interface Outcome {
  outcome: 'passed' | 'failed' | 'skipped';
  file: string;
  title: string;
  /** Why it failed or was skipped, in one line. */
  why: string;
  /** It was given up, rather than found wrong. */
  timedOut: boolean;
}

/** A reporter of node's test runner that says of each test what became of it. */
export default async function* outcomeReporter(
  source: AsyncIterable<TestEvent>,
): AsyncGenerator<string> {
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name: title, file = '', skip } = event.data;
    const skipped: Outcome['outcome'] = skip === undefined ? 'passed' : 'skipped';
    const outcome: Outcome =
      event.type === 'test:fail'
        ? { outcome: 'failed', file, title, ...failure(event.data.details.error) }
        : { outcome: skipped, file, title, why: String(skip ?? ''), timedOut: false };
    yield `${JSON.stringify(outcome)}\n`;
  }
}

function failure(error: Error & { failureType?: unknown }): { why: string; timedOut: boolean } {
  const { cause, failureType } = error;
  const text = cause instanceof Error ? cause.message : error.message;
  const lines = text.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => line !== '' && line !== '+ actual - expected');
  const why = telling.slice(0, 4).join(' ').slice(0, 160);
  return { why, timedOut: failureType === 'testTimeoutFailure' };
}
