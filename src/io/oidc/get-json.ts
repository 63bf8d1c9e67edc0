const maxBytes = 512 * 1024;

/** Reads a small JSON document. Follows no redirect: what is asked for is who answers. */
export async function getJson(url: string, timeoutMs: number): Promise<unknown> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`${url} is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return JSON.parse(Buffer.concat(chunks).toString());
}
