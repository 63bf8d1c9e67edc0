import { page } from '../contract/answer-fields.ts';
import { oneOf } from '../contract/fields.ts';
import { Problem, problemCodes, type ProblemCode } from '../contract/problem.ts';
import type { Call, Route } from '../contract/route.ts';

/** What the `type` of a problem leads to: a page about its code. */
export const problemPage: Route = {
  method: 'GET',
  path: '/problems/:code',
  operationId: 'getProblemPage',
  summary: 'What the type of a problem leads to: a page about its code',
  params: { code: oneOf(Object.keys(problemCodes)) },
  responses: { 200: page },
  produces: 'text/html',
  scopes: [],
  ownership: 'public',
  handle: ({ params: { code = '' } }: Call) => {
    if (!isCode(code)) throw new Problem('not-found', 'There is no such problem.');
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'",
      'cache-control': 'public, max-age=3600',
    };
    return Promise.resolve({ status: 200, headers, body: pageAbout(code) });
  },
};

function isCode(code: string): code is ProblemCode {
  return Object.hasOwn(problemCodes, code);
}

function pageAbout(code: ProblemCode): string {
  const { status, title } = problemCodes[code];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${title}</title>
<h1>${title}</h1>
<p>Code <code>${code}</code>, usually answered with HTTP status ${status}.</p>
<p>The answer's <code>detail</code> says what happened, <code>errors</code> where it applies lists
every violation with its place, and <code>instance</code> is the request id to quote.</p>
</html>
`;
}
