import { SQS_MAX_BATCH_ENTRIES, SQS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import { RECORDED_RESULT_BYTES } from '../core/config/receive-budget.ts';
import { NUMBER_SETTINGS } from '../core/config/settings.ts';
import { ENVELOPE_BYTES, messageBytesOf, type PayloadWay } from './message-bytes.ts';
import {
  DOLLARS_A_MILLION_CALLS,
  DYNAMODB_BILLED_BYTES,
  LAMBDA_DOLLARS_A_GIB_SECOND,
  S3_DOLLARS_A_GB_MONTH,
  SQS_BILLED_CHUNK_BYTES,
} from './prices.ts';
import { pollerDollarsOfMillion } from './provisioned.ts';
import { batchSeconds, type Workload } from './workload.ts';

/** The cost of a million requests in dollars, by item. */
export interface CostOfMillion {
  readonly s3Put: number;
  readonly s3Get: number;
  readonly s3Storage: number;
  readonly records: number;
  readonly sqsIn: number;
  readonly sqsOut: number;
  readonly lambdaRequests: number;
  readonly lambdaDuration: number;
  /** Provisioned pollers at the steady rate; 0 without them. */
  readonly pollers: number;
  readonly total: number;
}

/** A request's record without its result is about this long. */
const RECORD_BYTES = 600;

/** A record holds a result's bytes as base64. */
const BASE64_GROWTH = 4 / 3;

const DAYS_A_MONTH = 30;

const SECONDS_A_MONTH = DAYS_A_MONTH * 86_400;

/**
 * The cost of a million requests with full batches. Results too large for a record go to S3; consumers fetch those above
 * the inline limit from there.
 */
export function costOfMillion(workload: Workload, way: PayloadWay): CostOfMillion {
  const { payloadBytes, resultBytes, keptDays, batchSize, memoryMiB, attempts } = workload;
  const payloads = way === 'S3' ? [payloadBytes] : [];
  const isRecorded = resultBytes <= RECORDED_RESULT_BYTES;
  const isInline = resultBytes <= NUMBER_SETTINGS.inlineLimitBytes.default;
  const objects = [...payloads, ...(isRecorded ? [] : [resultBytes])];
  const fetched = payloads.length * attempts + (isInline ? 0 : 1);
  const gigabytes = objects.reduce((sum, bytes) => sum + bytes, 0) / 1_000; // bytes × a million ÷ 10⁹
  const messageBytes = messageBytesOf(workload, way);
  const outcomeBytes = ENVELOPE_BYTES + (isInline ? resultBytes : 0);
  const recordBytes = RECORD_BYTES + (isRecorded ? resultBytes * BASE64_GROWTH : 0);
  const items = {
    s3Put: objects.length * DOLLARS_A_MILLION_CALLS['S3 write'],
    s3Get: fetched * DOLLARS_A_MILLION_CALLS['S3 read'],
    s3Storage: gigabytes * S3_DOLLARS_A_GB_MONTH * (keptDays / DAYS_A_MONTH),
    // A claim, and a completion with the outcome. Of each attempt before: a claim, and its failure.
    records:
      (1 + Math.ceil(recordBytes / DYNAMODB_BILLED_BYTES) + 2 * (attempts - 1)) *
      DOLLARS_A_MILLION_CALLS['DynamoDB write'],
    // Each message is sent alone, then received with its batch for each attempt, and put off or deleted after it.
    sqsIn:
      (sqsCalls(messageBytes, 1) + attempts * (sqsCalls(messageBytes, batchSize) + sqsCalls(0, batchSize))) *
      DOLLARS_A_MILLION_CALLS.SQS,
    sqsOut: (2 * sqsCalls(outcomeBytes, batchSize) + sqsCalls(0, batchSize)) * DOLLARS_A_MILLION_CALLS.SQS,
    lambdaRequests: (attempts * DOLLARS_A_MILLION_CALLS.Lambda) / batchSize,
    lambdaDuration: lambdaDollars(memoryMiB, (1_000_000 / batchSize) * attempts * batchSeconds(workload)),
    pollers: pollerDollarsOfMillion(workload, way),
  };
  return { ...items, total: Object.values(items).reduce((sum, dollars) => sum + dollars, 0) };
}

/** What a month costs in dollars, at a steady rate. */
export function monthlyDollars(workload: Workload, way: PayloadWay): number {
  const millions = (workload.ratePerSecond * SECONDS_A_MONTH) / 1_000_000;
  return millions * costOfMillion(workload, way).total;
}

/** The duration cost of a million requests if the requests of a batch run sequentially. */
export function durationDollarsOneByOne({ memoryMiB, serviceSeconds, attempts }: Workload): number {
  return lambdaDollars(memoryMiB, 1_000_000 * attempts * serviceSeconds);
}

function lambdaDollars(memoryMiB: number, seconds: number): number {
  return (memoryMiB / 1_024) * seconds * LAMBDA_DOLLARS_A_GIB_SECOND;
}

/** The billed SQS calls per message, if up to `together` messages share a call as far as they fit. */
function sqsCalls(messageBytes: number, together: number): number {
  const fitting = Math.max(1, Math.floor(SQS_MAX_MESSAGE_BYTES / Math.max(1, messageBytes)));
  const messages = Math.min(together, fitting, SQS_MAX_BATCH_ENTRIES);
  return Math.max(1, Math.ceil((messages * messageBytes) / SQS_BILLED_CHUNK_BYTES)) / messages;
}
