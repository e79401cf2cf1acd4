import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { SQS_MAX_RETENTION_SECONDS } from '../../core/config/aws-limits.ts';
import { encryptionOf } from './queue-with-dead-letters.ts';

interface UndeliveredQueueProps {
  readonly settings: { readonly keepsOrder: boolean };
  readonly encryptionKey: IKey | undefined;
}

/** The queue of messages that SNS can't deliver to an existing queue. */
export function undeliveredQueue(
  scope: Construct,
  { settings, encryptionKey }: UndeliveredQueueProps,
): Queue {
  return new Queue(scope, 'Undelivered', {
    ...encryptionOf(encryptionKey),
    ...(settings.keepsOrder && { fifo: true }),
    enforceSSL: true,
    retentionPeriod: Duration.seconds(SQS_MAX_RETENTION_SECONDS),
  });
}
