import { describe, expect, test } from 'vitest';
import { encodeDeadLetter } from '../../../lib/core/wire/encode-dead-letter.ts';
import { MemoryOutputQueue } from '../../../lib/stores/memory/output-queue.ts';
import { decodedRequest } from '../../support/decoded.ts';

const REASON = { requestId: 'r', code: 'c', detail: 'd', attempts: 5, submittedAt: 0, redrives: 0 } as const;

describe('the priority of a message', () => {
  const sent = { id: 'm', body: '{"a":1}', attributes: {}, sentAt: 0 };

  test('is its attribute, and no metadata', () => {
    const decoded = decodedRequest('{"a":1}', { attributes: { Priority: 'high' } });
    expect(decoded).toMatchObject({ priority: 'high', metadata: {} });
  });

  test('is that of its queue, unless the message says another', () => {
    expect(decodedRequest('{"a":1}', { lane: 'low' })).toMatchObject({ priority: 'low' });
    expect(decodedRequest('1', { lane: 'low', attributes: { Priority: 'high' } })).toMatchObject({
      priority: 'high',
    });
    const event = { specversion: '1.0', id: 'e', source: 's', type: 't', data: 1 };
    expect(decodedRequest(event, { lane: 'low' })).toMatchObject({
      priority: 'low',
    });
  });

  test('is none if the attribute has another value, which stays metadata as before there were priorities', () => {
    const decoded = decodedRequest('1', { attributes: { Priority: 'urgent', Color: 'red' } });
    expect(decoded.priority).toBeUndefined();
    expect(decoded.metadata).toEqual({ Priority: 'urgent', Color: 'red' });
  });

  test('is in its dead letter', () => {
    const letter = encodeDeadLetter(sent, { ...REASON, priority: 'low' }, new MemoryOutputQueue());
    expect(letter.attributes).toMatchObject({ Priority: { type: 'String', value: 'low' } });
    const unstated = encodeDeadLetter(sent, REASON, new MemoryOutputQueue());
    expect(unstated.attributes).not.toHaveProperty('Priority');
  });
});
