import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMultistatus } from './read-multistatus.ts';

const open = '<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">';

function answer(...responses: string[]): string {
  return `<?xml version="1.0"?>${open}${responses.join('')}</d:multistatus>`;
}

function response(href: string, data: string, status = 'HTTP/1.1 200 OK'): string {
  const prop = `<d:getetag>"1"</d:getetag><c:calendar-data>${data}</c:calendar-data>`;
  return `<d:response><d:href>${href}</d:href><d:propstat><d:prop>${prop}</d:prop>
    <d:status>${status}</d:status></d:propstat></d:response>`;
}

test('resources are read with their data as it stands, whatever the prefix', () => {
  const text = answer(
    response('/a.ics', 'A&amp;B&#13;\n x'),
    response('/b.ics', '<![CDATA[<&>]]>'),
  );
  assert.deepEqual(readMultistatus(text), [
    { href: '/a.ics', etag: '"1"', text: 'A&B\r\n x' },
    { href: '/b.ics', etag: '"1"', text: '<&>' },
  ]);
  const plain = text.replaceAll(/(<\/?)d:/g, '$1').replace('xmlns:d=', 'xmlns=');
  assert.equal(readMultistatus(plain).length, 2);
  assert.deepEqual(readMultistatus(answer()), []);
});

test('data that a server says it does not have is not data', () => {
  assert.deepEqual(readMultistatus(answer(response('/a.ics', '', 'HTTP/1.1 404 Not Found'))), []);
});

test('elements of other name spaces are no answer', () => {
  assert.throws(() => readMultistatus(answer().replace('"DAV:"', '"urn:other"')));
  const other = answer(response('/a.ics', 'A')).replace('ns:caldav"', 'ns:other"');
  assert.deepEqual(readMultistatus(other), []);
});

test('what is cut, not well-formed, deep or with a document type is refused', () => {
  const whole = answer(response('/a.ics', 'A'));
  for (let length = 0; length < whole.length; length += 7) {
    assert.throws(() => readMultistatus(whole.slice(0, length)), `${length} characters`);
  }
  const bomb = `<!DOCTYPE a [<!ENTITY b "${'b'.repeat(100)}">]>`;
  for (const text of [
    ...['<html></html>', '{}', `${open}<a></d:multistatus>`, `${whole}<again/>`],
    ...[whole.replace('?>', `?>${bomb}`), answer(response('/a.ics', '&b;'))],
    answer('<a>'.repeat(40) + '</a>'.repeat(40)),
  ]) {
    assert.throws(() => readMultistatus(text), text.slice(0, 60));
  }
});
