import { expect, test } from 'vitest';
import { encodeMessage } from '../../../lib/brokers/nats/message.ts';

test('the media type of the body is the content type, unless an attribute says it', () => {
  const message = { body: '{}', attributes: {}, mediaType: 'application/cloudevents+json' };
  expect(encodeMessage(message).headers.get('Content-Type')).toBe('application/cloudevents+json');
  const attributes = { ContentType: { type: 'String', value: 'text/csv' } };
  expect(encodeMessage({ ...message, attributes }).headers.get('Content-Type')).toBe('text/csv');
});
