import { request, type Agent } from 'node:http';
import type { Observed } from './openapi-check.ts';

export interface RawRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string | Buffer | undefined;
}

/** Sends a request exactly as given and reads its whole answer. */
export function rawRequest(url: string, agent: Agent, sent: RawRequest): Promise<Observed> {
  const { method, path, headers, body } = sent;
  const { hostname, port } = new URL(url);
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const open = request(
      { hostname, port, agent, method, path, headers: { ...length, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const flat = Object.entries(response.headers).map(([name, value]) => [
            name,
            Array.isArray(value) ? value.join(', ') : value,
          ]);
          resolve({
            method,
            path,
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(flat) as Observed['headers'],
            body: Buffer.concat(chunks).toString('utf8'),
          });
        });
      },
    );
    open.on('error', reject);
    open.end(body);
  });
}
