import { expect, test } from 'vitest';
import { queueArnOf } from '../../lib/aws/queue-arn.ts';

test.each([
  ['https://sqs.eu-west-1.amazonaws.com/123456789012/input', 'arn:aws:sqs:eu-west-1:123456789012:input'],
  [
    'https://sqs.cn-north-1.amazonaws.com.cn/123456789012/input',
    'arn:aws-cn:sqs:cn-north-1:123456789012:input',
  ],
  ['http://localhost:4566/000000000000/input', 'arn:aws:sqs:us-east-1:000000000000:input'],
  // A queue of another account.
  ['https://sqs.eu-west-1.amazonaws.com/210987654321/orders', 'arn:aws:sqs:eu-west-1:210987654321:orders'],
])('%s', (url, arn) => {
  const [, partition, , region] = arn.split(':');
  expect(queueArnOf(url, `arn:${partition}:sqs:${region}:123456789012:dead`)).toBe(arn);
});
