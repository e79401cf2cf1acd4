import { expect, test } from 'vitest';
import { sqsCapabilities } from '../../lib/aws/sqs-capabilities.ts';

const QUEUE = 'https://sqs.eu-central-1.amazonaws.com/123456789012/input';

test('a wait that is set 20 minutes after the receive stays within the 12 hours that SQS counts', () => {
  expect(sqsCapabilities(QUEUE).maxDelaySeconds).toBe(12 * 3_600 - 20 * 60);
});

test('only FIFO queues keep order', () => {
  expect(sqsCapabilities(QUEUE)).toMatchObject({ ordered: false });
  expect(sqsCapabilities(`${QUEUE}.fifo`)).toMatchObject({ ordered: true });
});

test('a queue without a limit of deliveries has none', () => {
  expect(sqsCapabilities(QUEUE)).not.toHaveProperty('maxDeliveries');
  expect(sqsCapabilities(QUEUE, 37)).toMatchObject({ maxDeliveries: 37 });
});
