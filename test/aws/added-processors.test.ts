import { expect, it } from 'vitest';
import { addedProcessors } from '../../lib/aws/added-processors.ts';

const REPORTS = {
  topics: ['reports.*'],
  firstSlots: 5,
  reachableSlots: 10,
  timeoutSeconds: 900,
  acceptsMinVersion: false,
  loadName: 'Images/Reports',
};

it.each([
  [
    'https://sqs.eu-west-1.amazonaws.com/123456789012/input',
    'Stack-Reports-1A',
    'https://sqs.eu-west-1.amazonaws.com/123456789012/Stack-Reports-1A',
  ],
  [
    'https://sqs.cn-north-1.amazonaws.com.cn/123456789012/input.fifo',
    'reports.fifo',
    'https://sqs.cn-north-1.amazonaws.com.cn/123456789012/reports.fifo',
  ],
  ['http://127.0.0.1:4566/000000000000/input', 'reports', 'http://127.0.0.1:4566/000000000000/reports'],
])('beside %s, the queue %s is at %s', (inputQueueUrl, inputQueueName, url) => {
  const queue = { ...REPORTS, inputQueueName };
  expect(addedProcessors({ inputQueueUrl, otherProcessors: [queue] })).toEqual([
    { ...queue, inputQueueUrl: url },
  ]);
});
