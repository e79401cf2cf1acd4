import { expect, test } from 'vitest';
import { refusalsOf } from '../../lib/aws/sqs-batch-refusals.ts';

const messages = ['a', 'b', 'c'].map((id) => ({ id }));

test('every entry counts by itself, and one that is left out is refused', () => {
  const Failed = [{ Id: '1', Code: 'InternalError', Message: 'try again', SenderFault: false }];
  expect([...refusalsOf(messages, { Successful: [{ Id: '0' }], Failed })]).toEqual([
    ['b', 'InternalError: try again'],
    ['c', "SQS's answer left it out"],
  ]);
});

test('nothing is refused of what was done', () => {
  const Successful = messages.map((_, index) => ({ Id: String(index) }));
  expect(refusalsOf(messages, { Successful }).size).toBe(0);
});
