import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJsonBody } from './json-body.ts';
import { Problem } from './problem.ts';

const read = (text: string) => parseJsonBody(Buffer.from(text));

function refuses(text: string | Buffer): void {
  assert.throws(
    () => parseJsonBody(Buffer.from(text)),
    (error) => error instanceof Problem && error.code === 'malformed-body',
    String(text).slice(0, 80),
  );
}

test('a body that is an object comes back as JSON.parse reads it', () => {
  const text = '{"a":{"b":[1,{"c":": \\" {"}]},"":null,"x":"\\u00e9"}';
  assert.deepEqual(read(text), { value: JSON.parse(text), violations: [] });
});

test('what is not one JSON object in UTF-8 is malformed', () => {
  for (const text of [
    '',
    ' ',
    '{',
    '{}}',
    '{"a":}',
    '[]',
    'null',
    '1',
    '"a"',
    "{'a':1}",
    '{"a":1,}',
  ]) {
    refuses(text);
  }
  refuses('\ufeff{}');
  refuses(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
  refuses('{"a":"\u0000"}');
});

test('a member named twice in one object is malformed, wherever the object stands', () => {
  refuses('{"a":1,"a":1}');
  refuses('{"a":1,"\\u0061":2}');
  refuses('{"x":[{"a":{"b":1},"a":{"c":1}}]}');
  refuses('{"__proto__":1,"__proto__":2}');
  assert.deepEqual(read('{"a":{"a":1},"b":[{"a":1},{"a":2}]}').violations, []);
});

test('no text with a repeated member passes, and every text without one does', () => {
  const json = fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 3 }));
  fc.assert(
    fc.property(json, fc.constantFrom('a', 'é', '":{', '\\'), (value, name) => {
      const object: Record<string, unknown> = Object.fromEntries(Object.entries(value));
      delete object[name];
      assert.deepEqual(read(JSON.stringify(object)).value, JSON.parse(JSON.stringify(object)));
      const twice = `${JSON.stringify(name)}:1,${JSON.stringify(name)}:{}`;
      const rest = JSON.stringify({ rest: object }).slice(1);
      refuses(`{${twice},${rest}`);
    }),
  );
});

test('64 levels of nesting are read, 65 and 10,000 are not', () => {
  const nested = (depth: number): string =>
    `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
  assert.deepEqual(read(nested(64)).violations, []);
  refuses(nested(65));
  refuses(nested(10_000));
  refuses('{"a":'.repeat(10_000));
});

test('brackets and colons in strings count for nothing', () => {
  const text = JSON.stringify({ a: '[{:'.repeat(100), '":"': '\\"' });
  assert.deepEqual(read(text).violations, []);
});

test('NUL, lone surrogates, __proto__ and endless numbers are violations with a pointer', () => {
  const text =
    '{"a":"\\u0000","b":{"c~/d":["x","\\ud800"]},"\\udc00":1,"ok":"\\ud83d\\ude00",' +
    '"m":{"__proto__":{"x":"\\u0000"}},"n":1e999}';
  const { value, violations } = read(text);
  assert.deepEqual(
    violations.map(({ pointer, code }) => [pointer, code]),
    [
      ['/a', 'nul-character'],
      ['/b/c~0~1d/1', 'lone-surrogate'],
      ['/\udc00', 'lone-surrogate'],
      ['/m/__proto__', 'forbidden-member'],
      ['/n', 'out-of-range'],
    ],
  );
  assert.equal(Object.getPrototypeOf(value['m']), Object.prototype);
});
