import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../clock.ts';
import { kafkaProperties, topicOf, type KafkaOptions } from './kafka-options.ts';

function optionsFor(url: string): KafkaOptions {
  const limits = { connectTimeoutMs: 5_000, publishTimeoutMs: 10_000 };
  return { url, clock: systemClock, prefix: 'slotwright', rdKafka: {} as never, ...limits };
}

function property(url: string, name: string): unknown {
  return kafkaProperties(optionsFor(url))[name];
}

test('the host of the URL is the broker to ask first, at the usual port if it names none', () => {
  assert.equal(property('kafka://broker:9093', 'bootstrap.servers'), 'broker:9093');
  assert.equal(property('kafka://broker', 'bootstrap.servers'), 'broker:9092');
  assert.equal(topicOf(optionsFor('kafka://broker')), 'slotwright.events');
});

test('user and password are those of SASL, and do not travel without TLS unless it is said', () => {
  const url = 'kafka://me:p%40ss@broker';
  assert.equal(property(url, 'sasl.username'), 'me');
  assert.equal(property(url, 'sasl.password'), 'p@ss');
  assert.equal(property(url, 'security.protocol'), 'sasl_ssl');
  const plain = `${url}?security.protocol=sasl_plaintext`;
  assert.equal(property(plain, 'security.protocol'), 'sasl_plaintext');
  assert.equal(property('kafka://broker', 'security.protocol'), undefined);
});

test('parameters of the URL go to librdkafka as they are', () => {
  const url = 'kafka://a?bootstrap.servers=a:1,b:2&ssl.ca.location=/ca.pem';
  assert.equal(property(url, 'bootstrap.servers'), 'a:1,b:2');
  assert.equal(property(url, 'ssl.ca.location'), '/ca.pem');
});
