import { expect, test } from 'vitest';
import { SQS_CAPABILITIES } from '../../lib/aws/sqs-capabilities.ts';

test('a wait that is set 20 minutes after the receive stays within the 12 hours that SQS counts', () => {
  expect(SQS_CAPABILITIES.maxDelaySeconds).toBe(12 * 3_600 - 20 * 60);
});
