/**
 * Prices of AWS in us-east-1 in US dollars, as of November 2026, without free tiers and volume discounts. A call of SQS
 * counts once for every 64 KB begun.
 * @see https://aws.amazon.com/sqs/pricing/
 * @see https://aws.amazon.com/s3/pricing/
 */
export const DOLLARS_A_MILLION_CALLS = {
  /** Standard queues. */
  SQS: 0.4,
  /** GET and HEAD of S3 Standard. */
  'S3 read': 0.4,
  /** PUT, COPY, POST of S3 Standard: parts of an upload, its begin and its end among them. */
  'S3 write': 5,
} as const;
