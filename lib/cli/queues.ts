import type { DeadLetterQueue } from '../aws/sqs-dead-letter-queue.ts';
import type { SqsSender } from '../aws/sqs-sender.ts';

/** A queue that can be walked through: of a deployed service, or in a file. */
export type WalkedQueue = Pick<DeadLetterQueue, 'count' | 'walk' | 'delete'>;

/** A queue that messages are put back into. */
export type RefilledQueue = Pick<SqsSender, 'sendBatch'>;
