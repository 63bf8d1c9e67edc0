import type { Violation } from '../contract/problem.ts';
import { memberOf } from './check-slot.ts';

/** The rules of how a resource's calendar is reached. A password is never repeated. */
export function checkCalendar(calendar: unknown): Violation[] {
  if (memberOf(calendar, 'kind') !== 'caldav') return [];
  const violations: Violation[] = [];
  const [url, username, password] = ['url', 'username', 'password'].map(
    (name) => memberOf(calendar, name) ?? null,
  );
  if (!isCollectionUrl(url)) {
    const message = 'must be the http or https URL of a calendar, without credentials or query';
    violations.push(violation('url', 'calendar-url', message));
  }
  // RFC 7617: what stands before the first colon is the name.
  if (typeof username === 'string' && username.includes(':')) {
    violations.push(violation('username', 'username', 'must not contain a colon'));
  }
  if (username === null && password !== null) {
    violations.push(violation('username', 'username', 'must be given with a password'));
  }
  return violations;
}

/** Whether it may be called is judged when it is called: names change their addresses. */
function isCollectionUrl(url: unknown): boolean {
  if (typeof url !== 'string' || !/^https?:\/\/[^\s?#]+$/.test(url)) return false;
  if (!URL.canParse(url)) return false;
  const { username, password } = new URL(url);
  return username === '' && password === '';
}

function violation(member: string, code: string, message: string): Violation {
  return { pointer: `/calendar/${member}`, code, message };
}
