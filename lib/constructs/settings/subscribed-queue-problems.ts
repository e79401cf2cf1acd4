import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { SNS_MAX_MESSAGE_BYTES } from '../../core/config/aws-limits.ts';
import { statedMaxMessageBytes } from '../storage/message-size.ts';
import { queueResource } from '../storage/queue-resource.ts';
import { placeProblems } from './place-problems.ts';

/** Problems of an existing queue that is to receive outcomes from a topic. @param prop the path of its prop */
export function subscribedQueueProblems(scope: Construct, prop: string, queue: IQueue): string[] {
  return [...placeProblems(scope, prop, queue), ...keyProblems(prop, queue), ...sizeProblems(prop, queue)];
}

/** @see https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html */
function keyProblems(prop: string, queue: IQueue): string[] {
  if (queueResource(queue)?.kmsMasterKeyId !== 'alias/aws/sqs') return [];
  return [
    `${prop} must not be encrypted with the key alias/aws/sqs, got that key: its policy, which AWS manages, does not let SNS send ` +
      'outcomes. Use QueueEncryption.SQS_MANAGED or a key of your own',
  ];
}

/** SNS drops a message that is too large for its queue. */
function sizeProblems(prop: string, queue: IQueue): string[] {
  const maxBytes = statedMaxMessageBytes(queue);
  if (maxBytes === undefined || maxBytes >= SNS_MAX_MESSAGE_BYTES) return [];
  return [
    `${prop} must accept messages of ${SNS_MAX_MESSAGE_BYTES} bytes, got ${maxBytes}: raise its maxMessageSizeBytes`,
  ];
}
