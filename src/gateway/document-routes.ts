import { Type } from 'typebox';
import { asyncApiDocument } from '../contract/asyncapi.ts';
import { openApiDocument } from '../contract/openapi.ts';
import type { Route } from '../contract/route.ts';

const open = { method: 'GET', scopes: [], ownership: 'public' } as const;
const AnyDocument = Type.Unsafe<object>({ type: 'object', additionalProperties: true });

/** The machine-readable descriptions of `routes`, of these two themselves and of the events. */
export function documentRoutes(routes: readonly Route[]): Route[] {
  const own: Route[] = [
    documentRoute({
      path: '/openapi.json',
      operationId: 'getOpenApiDocument',
      summary: 'This description (OpenAPI 3.1)',
      make: () => openApiDocument([...routes, ...own]),
    }),
    documentRoute({
      path: '/asyncapi.json',
      operationId: 'getAsyncApiDocument',
      summary: 'The events (AsyncAPI 3.0)',
      make: asyncApiDocument,
    }),
  ];
  return own;
}

interface Described extends Pick<Route, 'path' | 'summary'> {
  operationId: string;
  make: () => object;
}

/** Made on first use, once. */
function documentRoute({ make, ...described }: Described): Route {
  let bytes: Buffer | undefined;
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  return {
    ...open,
    ...described,
    responses: { 200: AnyDocument },
    handle: () => {
      bytes ??= Buffer.from(JSON.stringify(make()));
      return Promise.resolve({ status: 200, headers, body: bytes });
    },
  };
}
