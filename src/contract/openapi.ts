import { Components } from './openapi/components.ts';
import { exampleLinks } from './openapi/examples.ts';
import { operation, operationId } from './openapi/operation.ts';
import { pathTemplate } from './openapi/path-template.ts';
import type { Route } from './route.ts';

const description = `
Appointment scheduling. Every answer carries \`X-Request-Id\`: the caller's where that is
well-formed, else a new one; \`traceparent\` is continued. Errors are problem details (RFC 9457).

A path answers HEAD as it answers GET, and other methods than its own with 405 and \`Allow\`; an
address that is not listed here is 404. Where a request is wrong in several ways the first of these
answers: 404 and 405, 413, 415, 401, 429, 403, 400, 422 for the request alone (all violations at
once), 404 for what it names, the idempotency key, 422 for what needs the clock or the catalogue,
412, 409. An answer without an effect does not consume the key.

Events are described in [/asyncapi.json](/asyncapi.json).
`.trim();

const securitySchemes = {
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key: 16 to 200 characters, made at `/v1/admin/keys`.',
  },
  token: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'An access token of an OpenID Connect issuer that is trusted here. Its claims name the ' +
      'tenant and, by `scope`, `scp` or roles, what it grants. With `appointments:self` it is ' +
      'for what belongs to the customer whose id is its subject, and for nothing else; with the ' +
      'role `provider`, for the appointments of the resource in its claim `resource_id`.',
  },
};

/**
 * The OpenAPI 3.1 document of the routes. Its schemas are those that validate requests and
 * serialise answers, which are JSON Schema 2020-12 already; those with a title become components.
 */
export function openApiDocument(routes: readonly Route[]): object {
  const components = new Components();
  const paths: Record<string, Record<string, unknown>> = {};
  const ids = new Set(routes.map(operationId));
  for (const route of routes) {
    const path = (paths[pathTemplate(route.path)] ??= {});
    const links = exampleLinks(operationId(route), ids);
    path[route.method.toLowerCase()] = operation(route, { components, links });
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Slotwright',
      version: '1',
      description,
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: tagsOf(paths),
    paths,
    components: {
      schemas: components.schemas(),
      securitySchemes,
    },
  };
}

function tagsOf(paths: Record<string, Record<string, unknown>>): { name: string }[] {
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  const names = operations.flatMap((each) => (each as { tags: string[] }).tags);
  return [...new Set(names)].map((name) => ({ name }));
}
