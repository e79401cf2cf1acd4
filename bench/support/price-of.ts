import type { DOLLARS_A_MILLION_CALLS } from '../../lib/core/prices.ts';
import type { Operation } from './in-process-aws.ts';

/** What a call is billed as. */
export function priceOf(operation: Operation): keyof typeof DOLLARS_A_MILLION_CALLS {
  if (operation.startsWith('SQS')) return 'SQS';
  if (operation.startsWith('DynamoDB')) {
    return /(?:GetItem|Query)$/.test(operation) ? 'DynamoDB read' : 'DynamoDB write';
  }
  return /(?:Get|Head)Object$/.test(operation) ? 'S3 read' : 'S3 write';
}
