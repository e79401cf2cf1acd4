import type { Duration } from 'aws-cdk-lib';

/** Configures the table of request records of an `AsyncService`. */
export interface RecordProps {
  /**
   * How long a record is kept after its last change, in whole days: at least `queue.retention` plus the 14 days of the
   * dead-letter queue. Duplicates of a request are detected as long as its record exists. DynamoDB may take a few days
   * more to delete it.
   * @default Duration.days(30)
   */
  readonly retention?: Duration;

  /**
   * The keys of metadata that records keep, to list requests by, such as `['customer', 'order']`: at most 5, without
   * "metadata.". Names are compared as they are: those of API and S3 are in lower case. A value of more than 128 bytes isn't kept.
   * Metadata that isn't declared isn't kept either. It takes no additional write. See docs/requests.md.
   * @default - records keep no metadata
   */
  readonly metadata?: readonly string[];

  /**
   * Whether the table can be restored to any second of the last 35 days. Costs about as much as storing it.
   * @default true
   */
  readonly pointInTimeRecovery?: boolean;
}
