import { expect, test } from 'vitest';
import { isFinal } from '../../lib/aws/sqs-error.ts';

function answered(httpStatusCode: number, name = 'Unknown'): Error {
  return Object.assign(new Error('no'), { name, $metadata: { httpStatusCode } });
}

test.each([
  // A proxy may say no more than the number.
  [answered(429), false],
  [answered(400, 'ThrottlingException'), false],
  [answered(403, 'OverLimit'), false],
  [answered(403, 'RequestTimeTooSkewed'), false],
  [answered(500), false],
  [answered(400, 'QueueDoesNotExist'), true],
  [answered(403), true],
  [Object.assign(new Error('no'), { name: 'CredentialsProviderError' }), true],
  [new Error('connection broke'), false],
  ['text', false],
])('%o is final: %s', (error, final) => {
  expect(isFinal(error)).toBe(final);
});
