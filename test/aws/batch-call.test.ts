import { expect, test } from 'vitest';
import { batchEntries, batchFailures } from '../../lib/aws/batch-call.ts';

const ENTRIES = ['a', 'b', 'c'];

test('entries have their indexes as ids', () => {
  expect(batchEntries(['a', 'a'], (receipt) => ({ ReceiptHandle: receipt }))).toEqual([
    { Id: '0', ReceiptHandle: 'a' },
    { Id: '1', ReceiptHandle: 'a' },
  ]);
});

test('every entry fails by itself, also one that the response omits', () => {
  const Failed = [{ Id: '1', Code: 'InternalError', Message: 'try again', SenderFault: true }];
  expect(batchFailures(ENTRIES, { Successful: [{ Id: '0' }], Failed })).toEqual([
    undefined,
    { code: 'InternalError', reason: 'InternalError: try again', isSenderFault: true },
    { code: '', reason: 'the response omits the entry', isSenderFault: false },
  ]);
});

test('successful entries have no failure', () => {
  const Successful = ENTRIES.map((_, index) => ({ Id: String(index) }));
  expect(batchFailures(ENTRIES, { Successful })).toEqual([undefined, undefined, undefined]);
});
