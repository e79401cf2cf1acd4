import { Annotations, Stack } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import {
  SQS_DEFAULT_RETENTION_SECONDS,
  SQS_MAX_MESSAGE_BYTES,
  SQS_MAX_RETENTION_SECONDS,
} from '../../core/config/aws-limits.ts';
import { inputMaxReceives } from '../../core/config/receive-budget.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { notificationStatement } from './allow-notifications.ts';
import { queueResource, statedNumber } from './queue-resource.ts';

/**
 * Warns of what an existing input queue and its dead-letter queue lack. The queues are their owner's: the service changes
 * their policies only, and only where the app can.
 */
export function useExistingQueue(
  service: Construct,
  queue: IQueue,
  deadLetterQueue: IQueue,
  settings: ServiceSettings,
): void {
  const missing = missingFrom(queue, deadLetterQueue, settings);
  if (Object.keys(missing).length === 0) return;
  Annotations.of(service).addWarningV2(
    'coatcheck:inputQueue',
    "queue.queue is an existing queue, which the service doesn't change. Its owner must check that it has what follows, here in " +
      `the form of CloudFormation; docs/recipes/use-an-existing-queue.md says what it is for:\n${JSON.stringify(missing, null, 2)}`,
  );
}

/** The properties of the queues that created queues would have, as far as the app doesn't show that these have them. */
function missingFrom(
  queue: IQueue,
  deadLetterQueue: IQueue,
  settings: ServiceSettings,
): Record<string, unknown> {
  const imported = queueResource(queue) === undefined;
  return {
    ...(imported && {
      Queue: {
        VisibilityTimeout: settings.visibilityTimeoutSeconds,
        MessageRetentionPeriod: settings.inputRetentionSeconds,
        MaximumMessageSize: SQS_MAX_MESSAGE_BYTES,
        RedrivePolicy: {
          deadLetterTargetArn: Stack.of(queue).resolve(deadLetterQueue.queueArn),
          maxReceiveCount: inputMaxReceives(settings),
        },
      },
      // S3 can't notify a FIFO queue: uploads come to a queue of the service.
      ...(!settings.keepsOrder && {
        QueuePolicy: {
          PolicyDocument: {
            Statement: [Stack.of(queue).resolve(notificationStatement(queue).toStatementJson())],
          },
        },
      }),
    }),
    ...(!keepsAllDeadLetters(deadLetterQueue) && {
      DeadLetterQueue: { MessageRetentionPeriod: SQS_MAX_RETENTION_SECONDS },
    }),
  };
}

/** A message that SQS moves keeps its age. With a shorter retention, an old message expires on arrival. */
function keepsAllDeadLetters(deadLetterQueue: IQueue): boolean {
  const resource = queueResource(deadLetterQueue);
  const seconds = resource && statedNumber(resource.messageRetentionPeriod, SQS_DEFAULT_RETENTION_SECONDS);
  return seconds === SQS_MAX_RETENTION_SECONDS;
}
