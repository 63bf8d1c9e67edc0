import http from 'node:http';
import https from 'node:https';

export interface LinesToFollow {
  url: string;
  key: string;
  /** A stream that says nothing for this long is lost. */
  silenceMs: number;
  maxLineCharacters: number;
  signal: AbortSignal;
  /** Called with every line, without its end; the first says that the stream is open. */
  onLine: (line: string) => void;
}

/**
 * Reads a stream of lines as they come, on a connection of its own. Resolves when it ends or the
 * signal is aborted; rejects where it is refused, breaks, falls silent or sends too long a line.
 */
export function followLines(wanted: LinesToFollow): Promise<void> {
  const { url, key, silenceMs, signal } = wanted;
  const get = url.startsWith('https:') ? https.get : http.get;
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}` };
    const asked = get(url, { headers, agent: false, timeout: silenceMs }, (answer) => {
      const { statusCode = 0 } = answer;
      if (statusCode !== 200) {
        asked.destroy(new Error(`answered ${statusCode}`));
        return;
      }
      answer.setEncoding('utf8').on(
        'data',
        lineReader(wanted, (error) => asked.destroy(error)),
      );
      answer.once('error', reject).once('end', resolve);
    });
    const stop = (): void => {
      asked.destroy();
      resolve();
    };
    asked.once('timeout', () => asked.destroy(new Error(`silent for ${silenceMs} ms`)));
    asked.once('error', reject).once('close', () => signal.removeEventListener('abort', stop));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}

function lineReader(
  { onLine, maxLineCharacters }: LinesToFollow,
  fail: (error: Error) => void,
): (text: string) => void {
  let begun = '';
  return (text) => {
    const lines = (begun + text).split('\n');
    begun = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    if (begun.length > maxLineCharacters) fail(new Error('sent too long a line'));
  };
}
