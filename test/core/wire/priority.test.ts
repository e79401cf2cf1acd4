import { describe, expect, test } from 'vitest';
import { encodeDeadLetter } from '../../../lib/core/wire/encode-dead-letter.ts';
import { MemoryOutputQueue } from '../../../lib/stores/memory/output-queue.ts';
import { decodedRequest, rejectedRequest } from '../../support/decoded.ts';

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

  test('must be one', () => {
    const { rejection } = rejectedRequest('1', { attributes: { Priority: 'urgent' } });
    expect(rejection).toMatchObject({
      code: 'envelope_malformed',
      message: expect.stringContaining('Priority must be one of high, normal, low, got "urgent"'),
    });
  });

  test('is in its dead letter', () => {
    const letter = encodeDeadLetter(sent, { ...REASON, priority: 'low' }, new MemoryOutputQueue());
    expect(letter.attributes).toMatchObject({ Priority: { type: 'String', value: 'low' } });
    const unstated = encodeDeadLetter(sent, REASON, new MemoryOutputQueue());
    expect(unstated.attributes).not.toHaveProperty('Priority');
  });
});
