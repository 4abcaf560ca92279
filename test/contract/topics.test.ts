import { describe, expect, test } from 'vitest';
import { Topics } from '../../contract/topics.ts';

const topics = new Topics('city/v1');

test('what is written can be read', () => {
  expect(topics.parse(topics.of('library', 'readings'))).toEqual({ gateway: 'library', channel: 'readings' });
  expect(topics.all('ack')).toBe('city/v1/+/ack');
});

describe.each([
  'city/v1/library',
  'city/v1/library/other',
  'city/v1/library/readings/more',
  'city/v1//readings',
  'city/v1/Library/readings',
  'city/v2/library/readings',
  'city/v1/toString',
  'city/v1/library/toString',
  '',
])('%j', (topic) => {
  test('belongs to nobody', () => expect(topics.parse(topic)).toBeUndefined());
});
