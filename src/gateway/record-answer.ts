import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../io/log.ts';
import type { Metrics } from '../io/metrics.ts';

interface Observed {
  observe(value: number): void;
}

/**
 * Measures and logs the answers of one route template. Never the address itself, nor a body: they
 * hold ids of people. Successes are logged at debug, because at full load they are the load.
 */
export function recordAnswer(
  route: string,
  { log, metrics }: { log: Log; metrics: Metrics },
): (request: FastifyRequest, reply: FastifyReply) => void {
  const series = new Map<string, Observed>();
  return (request, reply) => {
    const { method } = request;
    const { statusCode: status, elapsedTime } = reply;
    const name = `${method} ${status}`;
    let observed = series.get(name);
    if (observed === undefined) {
      // Looked up once: the registry hashes its labels at every call.
      observed = metrics.httpRequests.labels({ route, method, status: String(status) });
      series.set(name, observed);
    }
    observed.observe(elapsedTime / 1000);
    const fields = { request_id: request.id, method, route, status, ms: Math.round(elapsedTime) };
    if (status >= 500) log.error(fields, 'request answered');
    else if (status === 401 || status === 403 || status === 429) {
      log.info(fields, 'request answered');
    } else log.debug(fields, 'request answered');
  };
}
