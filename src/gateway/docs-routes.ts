import { nothing, page } from '../contract/answer-fields.ts';
import { oneOf } from '../contract/fields.ts';
import { Problem } from '../contract/problem.ts';
import type { Answer, Call, Route } from '../contract/route.ts';
import { swaggerUiFile } from '../io/swagger-ui.ts';

const open = { method: 'GET', scopes: [], ownership: 'public' } as const;

// Scripts from this service alone; the viewer's icons are data URLs in its style sheet.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const cacheable = { 'cache-control': 'public, max-age=3600' };

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Slotwright API</title>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="viewer"></div>
<noscript>The description itself is at <a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const startScript = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#viewer',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: false,
  validatorUrl: null,
});
`;

/** The description of the interface for people to read and try, with nothing from elsewhere. */
export function docsRoutes(): Route[] {
  return [
    {
      ...open,
      path: '/',
      operationId: 'getRoot',
      summary: 'Leads to the documentation',
      responses: { 302: nothing },
      handle: () => Promise.resolve({ status: 302, headers: { location: '/docs' } }),
    },
    {
      ...open,
      path: '/docs',
      operationId: 'getDocs',
      summary: 'This description for people to read and try',
      responses: { 200: page },
      produces: 'text/html',
      handle: () => Promise.resolve(answer('text/html; charset=utf-8', html)),
    },
    {
      ...open,
      path: '/docs/:file',
      operationId: 'getDocsAsset',
      summary: 'What the documentation is shown with',
      params: { file: oneOf(files) },
      responses: { 200: page },
      produces: '*/*',
      handle: asset,
    },
  ];
}

const startFile = 'start.js';
const files = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png', startFile];

async function asset({ params: { file = '' } }: Call): Promise<Answer> {
  if (file === startFile) return answer('text/javascript; charset=utf-8', startScript);
  const found = await swaggerUiFile(file);
  if (found === undefined) throw new Problem('not-found', 'There is no such file.');
  return answer(found.contentType, found.bytes);
}

function answer(contentType: string, body: string | Buffer): Answer {
  const headers = { 'content-type': contentType, 'content-security-policy': policy, ...cacheable };
  return { status: 200, headers, body };
}
