import { Duration } from 'aws-cdk-lib';
import type { IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { inputMaxReceives } from '../../core/config/receive-budget.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import { existingDeadLetterQueue, statedQueue } from '../settings/existing-input-queue.ts';
import { existingOutputQueue } from '../settings/output-queue.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { useExistingQueue } from './existing-queue.ts';
import { allowNotificationKey } from './key-use.ts';
import { statedMaxMessageBytes } from './message-size.ts';
import { QueueWithDeadLetters, type QueueWithDeadLettersProps } from './queue-with-dead-letters.ts';

/** Where requests come from. */
export interface Input {
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  /** After how many receives the queue itself dead-letters; undefined if that is unknown. */
  readonly maxReceives: number | undefined;
}

/** The input queue of a service: a new one, or an existing one. */
export function inputQueueOf(scope: Construct, props: AsyncServiceProps, settings: ServiceSettings): Input {
  const { queue } = props.queue ?? {};
  const deadLetterQueue = existingDeadLetterQueue(props.queue ?? {});
  if (!queue || !deadLetterQueue) {
    const { encryptionKey } = props;
    const created = new QueueWithDeadLetters(scope, 'Input', { ...inputQueueProps(settings), encryptionKey });
    return { ...created, maxReceives: inputMaxReceives(settings) };
  }
  useExistingQueue(scope, queue, deadLetterQueue, settings);
  if (queue.encryptionMasterKey !== props.encryptionKey && !settings.keepsOrder) {
    allowNotificationKey(scope, queue);
  }
  return { queue, deadLetterQueue, maxReceives: statedQueue(props.queue)?.maxReceives };
}

function inputQueueProps(settings: ServiceSettings): QueueWithDeadLettersProps {
  return {
    retention: Duration.seconds(settings.inputRetentionSeconds),
    visibilityTimeout: Duration.seconds(settings.visibilityTimeoutSeconds),
    maxReceiveCount: inputMaxReceives(settings),
    fifo: settings.keepsOrder,
  };
}

/** Where outcomes go; undefined if nowhere. */
export interface Output {
  readonly queue: IQueue;
  readonly deadLetterQueue: Queue | undefined;
  readonly maxMessageBytes: number | undefined;
}

/** The output queue of a service: a new one, or an existing one; undefined if it has none. */
export function outputQueueOf(
  scope: Construct,
  props: AsyncServiceProps,
  settings: ServiceSettings,
): Output | undefined {
  if (props.output === false) return undefined;
  const queue = existingOutputQueue(props);
  if (!queue) {
    const { encryptionKey } = props;
    return new QueueWithDeadLetters(scope, 'Output', { ...outputQueueProps(settings), encryptionKey });
  }
  return { queue, deadLetterQueue: undefined, maxMessageBytes: statedMaxMessageBytes(queue) };
}

function outputQueueProps(settings: ServiceSettings): QueueWithDeadLettersProps {
  return {
    retention: Duration.seconds(settings.outputRetentionSeconds),
    visibilityTimeout: Duration.seconds(settings.outputVisibilityTimeoutSeconds),
    maxReceiveCount: settings.outputMaxReceiveCount,
    fifo: settings.keepsOrder,
  };
}
