import { Stack } from 'aws-cdk-lib';
import type { CfnQueue, IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import {
  SQS_DEFAULT_RETENTION_SECONDS,
  SQS_DEFAULT_VISIBILITY_SECONDS,
  SQS_MAX_MESSAGE_BYTES,
} from '../../core/config/aws-limits.ts';
import { neededReceivesOf } from '../../core/config/receive-budget.ts';
import { statedMaxMessageBytes } from '../storage/message-size.ts';
import { createdQueue, queueIdentity, queueResource, statedNumber } from '../storage/queue-resource.ts';
import type { InputQueueProps } from './input-queue-props.ts';
import { placeProblems } from './place-problems.ts';

/** What a service demands of its input queue. */
interface QueueDemands {
  readonly maxAttempts: number;
  readonly keepsOrder: boolean;
}

/** What the template says of an existing input queue. A number is undefined if it is only known at deployment. */
export interface StatedQueue {
  readonly visibilityTimeoutSeconds: number | undefined;
  readonly retentionSeconds: number | undefined;
  /** Undefined also if the queue moves no messages to a dead-letter queue itself. */
  readonly maxReceives: number | undefined;
}

/** What the template says of an existing input queue; undefined for a new or an imported queue. */
export function statedQueue(props: InputQueueProps = {}): StatedQueue | undefined {
  const resource = props.queue && queueResource(props.queue);
  if (!resource) return undefined;
  const { visibilityTimeout, messageRetentionPeriod } = resource;
  return {
    visibilityTimeoutSeconds: statedNumber(visibilityTimeout, SQS_DEFAULT_VISIBILITY_SECONDS),
    retentionSeconds: statedNumber(messageRetentionPeriod, SQS_DEFAULT_RETENTION_SECONDS),
    maxReceives: statedNumber(redrivePolicyOf(resource)?.maxReceiveCount),
  };
}

/** The path of the settings of the input queue in error messages: those of the service, or those of an existing queue. */
export function inputQueuePath(props: InputQueueProps = {}): string {
  return statedQueue(props) ? 'queue.queue' : 'queue';
}

/** The dead-letter queue of an existing input queue; undefined if it is unknown. */
export function existingDeadLetterQueue({ queue, deadLetterQueue }: InputQueueProps): IQueue | undefined {
  return deadLetterQueue ?? (queue && createdQueue(queue)?.deadLetterQueue?.queue);
}

/** Problems with an existing input queue. */
export function existingQueueProblems(
  service: Construct,
  props: InputQueueProps = {},
  { maxAttempts, keepsOrder }: QueueDemands,
): string[] {
  const { queue, deadLetterQueue } = props;
  if (!queue) {
    return deadLetterQueue
      ? ['queue.deadLetterQueue must be set together with queue.queue, got it alone: a new queue has its own']
      : [];
  }
  return [
    ...placeProblems(service, 'queue.queue', queue),
    ...(keepsOrder ? [] : [...kindProblems(queue), ...keyProblems(queue)]),
    ...deadLetterProblems(props),
    ...statedProblems(props, { maxAttempts, keepsOrder }),
    ...sizeProblems(queue),
  ];
}

function kindProblems(queue: IQueue): string[] {
  return queue.fifo
    ? [
        `queue.queue must be a standard queue, got the FIFO queue ${queue.node.path}: a service takes one only with order: 'fifo'`,
      ]
    : [];
}

function deadLetterProblems(props: InputQueueProps): string[] {
  const { queue, deadLetterQueue } = props;
  const created = queue && createdQueue(queue)?.deadLetterQueue?.queue;
  if (!existingDeadLetterQueue(props)) {
    return [
      'queue.deadLetterQueue must be the dead-letter queue of queue.queue, got nothing: set it if the queue is imported, or ' +
        'give a queue of this app a deadLetterQueue',
    ];
  }
  if (!created || !deadLetterQueue || queueIdentity(created) === queueIdentity(deadLetterQueue)) return [];
  return [
    `queue.deadLetterQueue must be the dead-letter queue of queue.queue, ${created.node.path}, got ` +
      `${deadLetterQueue.node.path}: leave it out`,
  ];
}

/** The template of the queue says what these props would say. */
function statedProblems(props: InputQueueProps, { maxAttempts, keepsOrder }: QueueDemands): string[] {
  const stated = statedQueue(props);
  if (!stated) return [];
  const problems = (['visibilityTimeout', 'retention'] as const)
    .filter((name) => props[name] !== undefined)
    .map(
      (name) =>
        `queue.${name} must not be set together with queue.queue, got ${props[name]?.toHumanString()}: set it on the queue, which is part of this app`,
    );
  const needed = neededReceivesOf(maxAttempts, keepsOrder);
  const { maxReceives } = stated;
  if (maxReceives === undefined || maxReceives >= needed) return problems;
  return [
    ...problems,
    `The maxReceiveCount of queue.queue must be at least ${needed} (for a retry.maxAttempts of ${maxAttempts}), got ${maxReceives}: ` +
      'SQS would dead-letter messages before their attempts are used up',
  ];
}

/**
 * S3 notifies the queue, unless it is a FIFO queue.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
 */
function keyProblems(queue: IQueue): string[] {
  if (queueResource(queue)?.kmsMasterKeyId !== 'alias/aws/sqs') return [];
  return [
    'queue.queue must not be encrypted with the key alias/aws/sqs, got that key: its policy, which AWS manages, does not let S3 send ' +
      'notifications of uploads. Use QueueEncryption.SQS_MANAGED or a key of your own',
  ];
}

/** The HTTP API and the clients store only larger messages in the bucket. */
function sizeProblems(queue: IQueue): string[] {
  const maxBytes = statedMaxMessageBytes(queue);
  if (maxBytes === undefined || maxBytes >= SQS_MAX_MESSAGE_BYTES) return [];
  return [
    `queue.queue must accept messages of ${SQS_MAX_MESSAGE_BYTES} bytes, got ${maxBytes}: remove its maxMessageSizeBytes`,
  ];
}

function redrivePolicyOf(resource: CfnQueue): { readonly maxReceiveCount?: unknown } | undefined {
  return Stack.of(resource).resolve(resource.redrivePolicy);
}
