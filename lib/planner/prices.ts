/**
 * Prices of AWS in us-east-1 in US dollars, as of November 2026, without free tiers and volume discounts.
 */

/**
 * A call of SQS, or of SNS, counts once for every started {@link SQS_BILLED_CHUNK_BYTES}, a write of DynamoDB once for every
 * {@link DYNAMODB_BILLED_BYTES}, a read of it once for every 4 KB of an item, and half if it may be out of date.
 * @see https://aws.amazon.com/sqs/pricing/
 * @see https://aws.amazon.com/sns/pricing/
 * @see https://aws.amazon.com/eventbridge/pricing/
 * @see https://aws.amazon.com/s3/pricing/
 * @see https://aws.amazon.com/dynamodb/pricing/on-demand/
 * @see https://aws.amazon.com/lambda/pricing/
 */
export const DOLLARS_A_MILLION_CALLS = {
  /** Standard queues. */
  SQS: 0.4,
  /** Publishing to standard topics, batches as one call. Deliveries to queues and functions are free. */
  SNS: 0.5,
  /** Custom events, each event of a call as one. Deliveries to queues of the account are free. */
  'EventBridge event': 1,
  /** Invocations of EventBridge Scheduler, after 14 million a month that are free: requests that wait, and runs of schedules. */
  'EventBridge Scheduler': 1,
  /** Requests of EventBridge Pipes, behind its filter: 64 KB of an event each. */
  'EventBridge Pipes': 0.4,
  /** GET and HEAD of S3 Standard. */
  'S3 read': 0.4,
  /** PUT, COPY, POST of S3 Standard: parts of an upload, its begin and its end among them. */
  'S3 write': 5,
  /** Writes on demand, refused ones among them. */
  'DynamoDB write': 0.625,
  /** Reads on demand. */
  'DynamoDB read': 0.125,
  /** Invocations of a function. */
  Lambda: 0.2,
} as const;

/**
 * What counts as one call of SQS: 64 KiB of messages.
 * @see https://aws.amazon.com/sqs/pricing/
 */
export const SQS_BILLED_CHUNK_BYTES = 65_536;

/**
 * What counts as one write of DynamoDB: a KiB of an item.
 * @see https://aws.amazon.com/dynamodb/pricing/on-demand/
 */
export const DYNAMODB_BILLED_BYTES = 1_024;

/**
 * Storage in S3 Standard, the first 50 TB.
 * @see https://aws.amazon.com/s3/pricing/
 */
export const S3_DOLLARS_A_GB_MONTH = 0.023;

/**
 * Time of a function on arm64, for each GiB of its memory.
 * @see https://aws.amazon.com/lambda/pricing/
 */
export const LAMBDA_DOLLARS_A_GIB_SECOND = 0.0000133334;

/**
 * A provisioned poller of an event source.
 * @see https://aws.amazon.com/lambda/pricing/
 */
export const POLLER_DOLLARS_AN_HOUR = 0.00925;
