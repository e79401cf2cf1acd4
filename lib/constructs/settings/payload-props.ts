import type { Duration } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';

/** Configures the payloads of an `AsyncService`, and the bucket that stores payloads and results. */
export interface PayloadProps {
  /**
   * An existing bucket for payloads and results, for example one that several services of an app share, each under prefixes
   * of its own. It must be versioned, and in the account and region of the service. Create it in the stack of the service or
   * import it there. The service adds a notification only; a warning lists the lifecycle and other settings that the bucket
   * lacks. Pass the key of an imported bucket with `Bucket.fromBucketAttributes`.
   * @default - a new bucket
   */
  readonly bucket?: IBucket;

  /**
   * Maximum size of a payload in bytes: 1 to 50 TB, the limit of S3. Larger payloads fail without being read.
   * @default 5368709120 - 5 GiB
   * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
   */
  readonly maxBytes?: number;

  /**
   * Maximum size in bytes of a payload that `json()`, `text()` and `bytes()` hold in memory: 1 to 536,870,888. If
   * large payloads are common, keep this, times `function.requestConcurrency`, well below `function.memoryMiB`.
   * `stream()` has no such limit.
   * @default 16777216 - 16 MiB
   */
  readonly maxBufferedBytes?: number;

  /**
   * Maximum nesting of JSON, in levels: 1 to 1,000. Deeper JSON fails.
   * @default 128
   */
  readonly maxJsonDepth?: number;

  /** Key prefixes in the bucket. @default - see {@link PayloadPrefixes} */
  readonly prefixes?: PayloadPrefixes;

  /** How long the bucket keeps objects. The owner of an existing `bucket` configures it. @default - see {@link PayloadLifecycle} */
  readonly lifecycle?: PayloadLifecycle;

  /**
   * Other locations of payloads. A message that refers to an object anywhere else is rejected. Otherwise senders could
   * make the service read objects that they can't read themselves.
   * @default - the payload bucket only
   */
  readonly sources?: readonly PayloadSource[];
}

/**
 * Key prefixes in the payload bucket. Each ends with a slash and has up to 128 letters, digits and `_ . - /`. None may
 * contain another.
 */
export interface PayloadPrefixes {
  /** Uploads under this prefix are requests. @default 'requests/' */
  readonly uploads?: string;

  /**
   * Payloads that messages refer to. An upload under this prefix starts no request; the message does.
   * @default 'payloads/'
   */
  readonly payloads?: string;

  /** Results larger than `output.inlineLimitBytes`. @default 'results/' */
  readonly results?: string;

  /** Copies of results for consumers that delete what they fetch. @default 'consumer-copies/' */
  readonly consumerCopies?: string;
}

/**
 * How long the payload bucket keeps objects, in whole days from 1. The defaults outlast every message that can refer to
 * an object: SQS keeps a message for 14 days at most, dead-letter queues included. Shorten them if you never redrive.
 */
export interface PayloadLifecycle {
  /** Payloads. At least `queue.retention`. @default Duration.days(15) */
  readonly uploads?: Duration;

  /** Results. At least `output.queue.retention`. @default Duration.days(15) */
  readonly results?: Duration;

  /**
   * Copies of results that their consumer didn't delete. At least `output.queue.retention`.
   * @default Duration.days(15)
   */
  readonly consumerCopies?: Duration;

  /**
   * Payloads that were overwritten, deleted or expired. A request refers to the version that was uploaded and may still
   * be waiting. At least `queue.retention`.
   * @default Duration.days(5)
   */
  readonly replacedUploads?: Duration;

  /** Parts of multipart uploads that were never completed. @default Duration.days(1) */
  readonly incompleteUploads?: Duration;
}

/** A location of payloads outside the payload bucket. */
export interface PayloadSource {
  /** The bucket. The policy of a bucket in another account must allow the processor's role. */
  readonly bucket: IBucket;

  /** Only objects with this prefix. Ends with a slash. @default - the whole bucket */
  readonly prefix?: string;
}
