import { expect, test, vi } from 'vitest';
import { MessageEncoder } from '../../lib/brokers/message-encoder.ts';
import type { OutputMessage } from '../../lib/core/ports/message-sink.ts';

const MESSAGE: OutputMessage = { body: 'a', attributes: {} };

test('encodes a message once, and an equal one again', () => {
  const encode = vi.fn(({ body }: OutputMessage) => ({ body }));
  const encoder = new MessageEncoder(encode);
  expect(encoder.encode(MESSAGE)).toBe(encoder.encode(MESSAGE));
  expect(encode).toHaveBeenCalledTimes(1);
  expect(encoder.encode({ ...MESSAGE })).toEqual({ body: 'a' });
  expect(encode).toHaveBeenCalledTimes(2);
});

test('returns why a message can not be encoded, and throws any other error', () => {
  const refusal = new RangeError('too long');
  const refusing = new MessageEncoder(() => {
    throw refusal;
  });
  expect(refusing.encode(MESSAGE)).toBe(refusal);
  const failing = new MessageEncoder(() => {
    throw new TypeError('a bug');
  });
  expect(() => failing.encode(MESSAGE)).toThrow(TypeError);
});
