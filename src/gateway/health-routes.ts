import { Liveness, Readiness } from '../contract/readiness.ts';
import type { Route } from '../contract/route.ts';

const open = { method: 'GET', scopes: [], ownership: 'public' } as const;

/** Alive as long as it answers; ready while `notReady` has no reason to name. */
export function healthRoutes(notReady: () => readonly string[]): Route[] {
  return [
    {
      ...open,
      path: '/healthz',
      operationId: 'getLiveness',
      summary: 'Whether the process lives',
      responses: { 200: Liveness },
      handle: () => Promise.resolve({ status: 200, body: { status: 'ok' } }),
    },
    {
      ...open,
      path: '/readyz',
      operationId: 'getReadiness',
      summary: 'Whether every role of the process can do its work',
      responses: { 200: Readiness, 503: Readiness },
      handle: () => {
        const reasons = notReady();
        return Promise.resolve(
          reasons.length === 0
            ? { status: 200, body: { status: 'ready' } }
            : {
                status: 503,
                headers: { 'retry-after': '1' },
                body: { status: 'not ready', reasons },
              },
        );
      },
    },
  ];
}
