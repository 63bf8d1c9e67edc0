import type { HttpAnswer, HttpClient, HttpRequest } from '../io/http-client.ts';
import { Failure } from './failure.ts';
import type { Surroundings } from './surroundings.ts';

// Together about a minute: a restart of the service is survived, an outage is reported.
const MAX_ATTEMPTS = 12;
const BASE_MS = 100;
const CAP_MS = 10_000;

export interface Sent {
  answer: HttpAnswer;
  attempts: number;
}

/**
 * Sends a request that is safe to repeat until it is answered with something other than "later":
 * no connection, 429, 502 to 504, a key in flight, or a command still undecided after its wait.
 * Throws a `Failure` when the service refuses the credentials, for then every request would fail.
 * The last answer is given back as it is when patience ends.
 */
export async function patientSend(
  client: HttpClient,
  request: HttpRequest,
  { clock, random }: Pick<Surroundings, 'clock' | 'random'>,
): Promise<Sent> {
  let previousMs = BASE_MS;
  for (let attempts = 1; ; attempts += 1) {
    const answer = await attempt(client, request);
    if (answer instanceof Error) {
      if (attempts >= MAX_ATTEMPTS)
        throw new Failure(`the service cannot be reached: ${answer.message}`);
    } else {
      if (answer.status === 401 || answer.status === 403) throw refusedCredentials(answer);
      if (!asksToWait(answer, request) || attempts >= MAX_ATTEMPTS) return { answer, attempts };
    }
    previousMs = Math.min(CAP_MS, BASE_MS + random.fraction() * (previousMs * 3 - BASE_MS));
    await clock.sleep(Math.max(previousMs, retryAfterMs(answer)));
  }
}

async function attempt(client: HttpClient, request: HttpRequest): Promise<HttpAnswer | Error> {
  try {
    return await client.send(request);
  } catch (error) {
    return error as Error;
  }
}

function asksToWait({ status, body }: HttpAnswer, { headers }: HttpRequest): boolean {
  if (status === 429 || (status >= 502 && status <= 504)) return true;
  if (status === 202) return headers?.['prefer'] !== undefined;
  return status === 409 && problemCode(body) === 'key-in-flight';
}

function retryAfterMs(answer: HttpAnswer | Error): number {
  if (answer instanceof Error) return 0;
  const seconds = Number(answer.headers['retry-after']);
  return seconds > 0 ? Math.min(seconds * 1_000, CAP_MS) : 0;
}

function refusedCredentials({ status, body }: HttpAnswer): Failure {
  const why = problemText(body) ?? 'the key is not accepted';
  return new Failure(`the service answered ${status}: ${why}`);
}

export function problemCode(body: unknown): string | undefined {
  return stringMember(body, 'code');
}

/** The problem as one line, with each violation. */
export function problemText(body: unknown): string | undefined {
  const text = stringMember(body, 'detail') ?? stringMember(body, 'title');
  const errors = (body as { errors?: unknown } | undefined)?.errors;
  if (!Array.isArray(errors)) return text;
  const violations = errors.map(
    (error) => `${stringMember(error, 'pointer') ?? ''} ${stringMember(error, 'message') ?? ''}`,
  );
  return [text, ...violations].filter((part) => part !== undefined).join('; ');
}

function stringMember(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const member = (value as Record<string, unknown>)[name];
  return typeof member === 'string' ? member : undefined;
}
