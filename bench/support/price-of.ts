import { DOLLARS_A_MILLION_CALLS } from '../../lib/planner/prices.ts';
import type { Operation } from './in-process-aws.ts';
import type { InProcessTable } from './in-process-table.ts';
import { sumOf } from './statistics.ts';

/**
 * Dollars per million of these calls.
 * @param units units that DynamoDB bills, which don't follow from the calls alone
 */
export function dollarsAMillion(
  calls: ReadonlyMap<Operation, number>,
  { reads, writes }: InProcessTable['units'],
): number {
  const others = [...calls].filter(([operation]) => !operation.startsWith('DynamoDB'));
  return (
    sumOf(others, ([operation, count]) => count * DOLLARS_A_MILLION_CALLS[priceOf(operation)]) +
    reads * DOLLARS_A_MILLION_CALLS['DynamoDB read'] +
    writes * DOLLARS_A_MILLION_CALLS['DynamoDB write']
  );
}

/** Price of a call of a queue or a bucket. */
function priceOf(operation: Operation): keyof typeof DOLLARS_A_MILLION_CALLS {
  if (operation.startsWith('SQS')) return 'SQS';
  if (operation.startsWith('SNS')) return 'SNS';
  return /(?:Get|Head)Object$/.test(operation) ? 'S3 read' : 'S3 write';
}
