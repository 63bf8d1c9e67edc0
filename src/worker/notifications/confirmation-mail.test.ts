import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NotificationDetails } from '../../store/read/notification-details.ts';
import { confirmationMail } from './confirmation-mail.ts';

const details: NotificationDetails = {
  state: 'pending',
  message_id: null,
  start_s: 1_772_456_400,
  end_s: 1_772_458_200,
  service_name: 'Consultation',
  location_name: 'Main street',
  location_time_zone: 'Asia/Tokyo',
  customer_known: true,
  erased: false,
  customer_name: 'Ada',
  email: 'ada@example.org',
  customer_time_zone: 'Europe/Zurich',
};

test('the confirmation says what, when in the customer’s zone, where, and the reference', () => {
  const { subject, text } = confirmationMail('a-1', details);
  assert.equal(subject, 'Confirmed: Consultation');
  assert.match(text, /^Hello Ada,$/m);
  assert.match(text, /^What: Consultation$/m);
  assert.match(
    text,
    /^When: Monday, 2 March 2026, 14:00 to 14:30 \(Europe\/Zurich, UTC\+01:00\)$/m,
  );
  assert.match(text, /^Where: Main street$/m);
  assert.match(text, /^Reference: a-1$/m);
});

test('without the customer’s zone the location’s is used, and without both UTC', () => {
  const abroad = confirmationMail('a-1', { ...details, customer_time_zone: null });
  assert.match(abroad.text, /22:00 to 22:30 \(Asia\/Tokyo, UTC\+09:00\)/);
  const unknown = { ...details, customer_time_zone: 'Mars/Base', location_time_zone: null };
  assert.match(confirmationMail('a-1', unknown).text, /13:00 to 13:30 \(UTC\)/);
});

test('what a person typed adds neither a line nor markup', () => {
  const hostile = { ...details, customer_name: 'Eve\r\nBcc: x@y\u2028<img src="x">' };
  const { text, html } = confirmationMail('a-1', hostile);
  assert.match(text, /^Hello Eve Bcc: x@y <img src="x">,$/m);
  assert.ok(html.includes('Hello Eve Bcc: x@y &lt;img src=&quot;x&quot;&gt;,'));
  assert.ok(!html.includes('<img'));
  const service = { ...details, service_name: 'A\nB' };
  assert.equal(confirmationMail('a-1', service).subject, 'Confirmed: A B');
});
