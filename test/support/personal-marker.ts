import type { BoundRequest } from './generated-request.ts';

/** What stands for a person in what is sent, in the shapes in which people are named. */
export const marker = {
  word: 'zqmarker',
  text: 'Ada Zqmarker',
  email: 'ada.zqmarker@example.org',
  phone: '+49 30 7771234567',
} as const;

/** True for a text that gives the marked person away. */
export function isMarked(text: string): boolean {
  return /zqmarker|777[ -]?1234567/i.test(text);
}

/** Members that are identifiers: whoever puts the name of a person there has published it. */
const identifiers = new Set(['idempotency_key', 'customer_id', 'id', 'code', 'tenant']);

/** The request with personal data wherever a person may type something, valid there or not. */
export function withPersonalData(request: BoundRequest, random: () => number): BoundRequest {
  const marked = { ...request, headers: { ...request.headers } };
  if (request.body !== undefined) marked.body = markedBody(request.body, random);
  const [path = '', search] = request.path.split('?');
  const query = [...new URLSearchParams(search)].map(([name, value]): [string, string] =>
    random() < 0.2 ? [name, anyShape(random)] : [name, value],
  );
  if (random() < 0.1) query.push([marker.word, marker.text]);
  const segments = random() < 0.15 ? path.replace(/[^/]*$/, encodeURIComponent(marker.text)) : path;
  marked.path = query.length === 0 ? segments : `${segments}?${new URLSearchParams(query)}`;
  for (const name of ['prefer', 'if-match', 'if-none-match', 'idempotency-key', 'accept']) {
    if (random() < 0.05) marked.headers[name] = anyShape(random);
  }
  if (random() < 0.05) marked.headers['authorization'] = `Bearer ${marker.email}`;
  return marked;
}

function markedBody(body: string, random: () => number): string {
  const sent = JSON.stringify(markedValue(parsed(body), { name: '', random }));
  // Sometimes not even JSON, cut in the middle of a name.
  return random() < 0.05 ? `${sent.slice(0, -1)},"name":"${marker.text}` : sent;
}

/** What is broken already is sent as a text. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return `${body} ${marker.email}`;
  }
}

function markedValue(value: unknown, at: { name: string; random: () => number }): unknown {
  const { name, random } = at;
  if (Array.isArray(value)) return value.map((each) => markedValue(each, at));
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([key, each]) => [key, markedValue(each, { name: key, random })] as const,
    );
    return Object.fromEntries(
      name === 'metadata' ? [...members, [marker.word, marker.email]] : members,
    );
  }
  if (typeof value !== 'string' || identifiers.has(name)) return value;
  if (name === 'email') return random() < 0.8 ? marker.email : marker.text;
  if (name === 'phone') return marker.phone;
  if (name === 'name' || name === 'reason') return marker.text;
  return random() < 0.08 ? anyShape(random) : value;
}

function anyShape(random: () => number): string {
  const shapes = [marker.text, marker.email, marker.phone];
  return shapes[Math.floor(random() * shapes.length)] ?? marker.text;
}
