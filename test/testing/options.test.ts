import { processor } from 'coatcheck';
import { consume } from 'coatcheck/consumer';
import { DynamoDbOutbox, outboxRow } from 'coatcheck/outbox';
import { fakeRequest, TestService } from 'coatcheck/testing';
import { expect, test } from 'vitest';

/** What a program in JavaScript may pass. */
function untyped(value: unknown): never {
  return value as never;
}

const NULL = untyped(null);
const handler = processor(() => ({}));
const service = new TestService(handler);
const outbox = new DynamoDbOutbox({ tableName: 'rows' });

test.each<[call: () => unknown, message: string]>([
  [() => new TestService(handler, NULL), 'TestService takes an object with options, got null'],
  [() => new TestService(handler, untyped({ startAt: 5 })), 'TestService: startAt must be a Date, got 5'],
  [() => new TestService(handler, untyped({ setings: {} })), ': did you mean settings?'],
  [
    () => new TestService(handler, untyped({ secrets: 'whsec_a' })),
    'TestService: secrets must be an object, got a string',
  ],
  [() => service.submit({}, NULL), 'submit(): the options must be an object, got null'],
  [
    () => service.submit({}, untyped({ expiresAt: 'soon' })),
    'submit(): expiresAt must be a Date, got "soon"',
  ],
  [() => service.drain(NULL), 'drain(): the options must be an object, got null'],
  [() => service.advance(untyped(60)), 'advance(): the options must be an object, got 60'],
  [() => service.advance(untyped({ minutes: '5' })), 'advance(): minutes must be a number, got "5"'],
  [() => service.inject('input-queue-down', NULL), 'inject(): the options must be an object, got null'],
  [() => fakeRequest(NULL), 'fakeRequest(): the options must be an object, got null'],
  [() => fakeRequest(untyped({ attempt: '2' })), 'fakeRequest(): attempt must be a number, got "2"'],
  [() => outboxRow({}, NULL), 'outboxRow(): the options must be an object, got null'],
  [() => outboxRow({}, untyped({ tenant: 5 })), 'outboxRow(): tenant must be a text, got 5'],
  [() => new DynamoDbOutbox(NULL), 'DynamoDbOutbox takes an object with options, got null'],
  [
    () => new DynamoDbOutbox(untyped({ tableName: 'rows', payload: {} })),
    'DynamoDbOutbox: payload is not one of tableName, keys, payloads, inlineLimitBytes: did you mean payloads?',
  ],
  [() => outbox.put({}, NULL), 'put(): the options must be an object, got null'],
  [() => consume(NULL, () => {}), 'consume() takes an object with options, got null'],
  [() => consume(untyped({}), () => {}), 'consume(): queueUrl must be a text, got nothing'],
  [() => consume({ queueUrl: 'https://a' }, NULL), 'consume(): handler must be a function, got null'],
])('%s', async (call, message) => {
  await expect((async () => call())()).rejects.toThrow(message);
});
