import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  DeduplicationScope,
  FifoThroughputLimit,
  type IQueue,
  Queue,
  QueueEncryption,
  type QueueProps,
} from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { SQS_MAX_MESSAGE_BYTES, SQS_MAX_RETENTION_SECONDS } from '../../core/config/aws-limits.ts';

/** The maximum of SQS. A consumer of an empty queue makes three calls a minute instead of hundreds. */
const LONG_POLL = Duration.seconds(20);

/** Configures a {@link QueueWithDeadLetters}. */
export interface QueueWithDeadLettersProps {
  readonly retention: Duration;
  readonly visibilityTimeout: Duration;
  /** Number of receives after which a message goes to the dead-letter queue. */
  readonly maxReceiveCount: number;
  /** Whether both are FIFO queues. @default false */
  readonly fifo?: boolean;
  /** Undefined for keys that SQS manages. */
  readonly encryptionKey?: IKey;
}

/**
 * A queue and its dead-letter queue. Both are encrypted and accept TLS connections only.
 */
export class QueueWithDeadLetters extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  /** The default of SQS for new queues. */
  readonly maxMessageBytes = SQS_MAX_MESSAGE_BYTES;

  constructor(scope: Construct, id: string, props: QueueWithDeadLettersProps) {
    super(scope, id);
    const encrypted = { ...encryptionOf(props.encryptionKey), ...(props.fifo && FIFO), enforceSSL: true };
    this.deadLetterQueue = new Queue(this, 'DeadLetters', {
      ...encrypted,
      // A message keeps its age when it moves. With a shorter retention, an old message would expire on arrival.
      retentionPeriod: Duration.seconds(SQS_MAX_RETENTION_SECONDS),
    });
    this.queue = newQueue(this, 'Queue', this.deadLetterQueue, props);
  }
}

/** Creates a queue for an existing dead-letter queue. It is encrypted and accepts TLS connections only. */
export function newQueue(
  scope: Construct,
  id: string,
  deadLetterQueue: IQueue,
  props: QueueWithDeadLettersProps,
): Queue {
  return new Queue(scope, id, {
    ...encryptionOf(props.encryptionKey),
    ...(props.fifo && FIFO),
    enforceSSL: true,
    retentionPeriod: props.retention,
    visibilityTimeout: props.visibilityTimeout,
    receiveMessageWaitTime: LONG_POLL,
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: props.maxReceiveCount },
  });
}

/** High throughput: the limits are those of each message group. */
const FIFO: Pick<QueueProps, 'fifo' | 'deduplicationScope' | 'fifoThroughputLimit'> = {
  fifo: true,
  deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
  fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
};

/** The encryption of a queue: with a key, or with keys that SQS manages. */
export function encryptionOf(key: IKey | undefined): Pick<QueueProps, 'encryption' | 'encryptionMasterKey'> {
  if (!key) return { encryption: QueueEncryption.SQS_MANAGED };
  return { encryption: QueueEncryption.KMS, encryptionMasterKey: key };
}
