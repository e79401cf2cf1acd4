import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { SQS_MAX_MESSAGE_BYTES, SQS_MAX_RETENTION_SECONDS } from '../../core/config/aws-limits.ts';

/** SQS's longest long poll: an empty queue costs a consumer three calls a minute instead of hundreds. */
const LONG_POLL = Duration.seconds(20);

/** How a {@link QueueWithDeadLetters} is to be. */
export interface QueueWithDeadLettersProps {
  readonly retention: Duration;
  readonly visibilityTimeout: Duration;
  /** Receives after which a message goes to the dead-letter queue. */
  readonly maxReceiveCount: number;
}

/**
 * A standard queue and where its messages go when they were received too often. Both are encrypted with keys SQS
 * manages, and answer over TLS only.
 */
export class QueueWithDeadLetters extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  /** SQS's default for a new queue. */
  readonly maxMessageBytes = SQS_MAX_MESSAGE_BYTES;

  constructor(scope: Construct, id: string, props: QueueWithDeadLettersProps) {
    super(scope, id);
    this.deadLetterQueue = new Queue(this, 'DeadLetters', {
      ...PROTECTED,
      // A message keeps its age when it moves: with a shorter retention an old one would vanish on arrival.
      retentionPeriod: Duration.seconds(SQS_MAX_RETENTION_SECONDS),
    });
    this.queue = new Queue(this, 'Queue', {
      ...PROTECTED,
      retentionPeriod: props.retention,
      visibilityTimeout: props.visibilityTimeout,
      receiveMessageWaitTime: LONG_POLL,
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: props.maxReceiveCount },
    });
  }
}

const PROTECTED = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };
