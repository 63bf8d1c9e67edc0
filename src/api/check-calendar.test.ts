import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCalendar } from './check-calendar.ts';

const places = (calendar: unknown): string[] =>
  checkCalendar(calendar).map(({ pointer, code }) => `${pointer} ${code}`);

const access = { kind: 'caldav', url: 'https://dav.example/me/office/', username: 'me' };

test('a CalDAV calendar is a URL with the credentials beside it', () => {
  assert.deepEqual(places({ ...access, password: 'p' }), []);
  assert.deepEqual(places({ ...access, url: 'http://radicale:5232/me/office' }), []);
  assert.deepEqual(places({ kind: 'caldav', url: access.url, username: null }), []);
});

test('a URL that is none, or says more than where the calendar is, is refused', () => {
  for (const url of [
    ...[undefined, null, '', 'dav.example', 'ftp://dav.example/', 'https://', 'https://a b/'],
    ...['https://me:secret@dav.example/', 'https://dav.example/?a=b', 'https://dav.example/#a'],
  ]) {
    assert.deepEqual(places({ ...access, url }), ['/calendar/url calendar-url'], String(url));
  }
});

test('a password needs a name, and a name has no colon', () => {
  const username = ['/calendar/username username'];
  assert.deepEqual(places({ ...access, username: null, password: 'p' }), username);
  assert.deepEqual(places({ ...access, username: 'a:b' }), username);
});

test('no violation repeats a password', () => {
  const secret = { ...access, url: 'x', username: null, password: 'hunter2' };
  assert.doesNotMatch(JSON.stringify(checkCalendar(secret)), /hunter2/);
});

test('no calendar needs nothing, and what is ill-typed is left to the schema', () => {
  for (const calendar of [undefined, null, 'none', 5, { kind: 'none' }, { kind: 5 }, {}]) {
    assert.deepEqual(checkCalendar(calendar), []);
  }
});
