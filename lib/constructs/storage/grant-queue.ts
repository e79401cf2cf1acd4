import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { assertReachable } from './assert-reachable.ts';
import { grantKey, KEY_USES, type KeyUse } from './key-use.ts';

const CONSUMING = [
  'sqs:ChangeMessageVisibility',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:GetQueueUrl',
  'sqs:ReceiveMessage',
];

/** Grants permission to receive and delete the messages of a queue. */
export function grantConsumeQueue(grantee: IGrantable, queue: IQueue): Grant {
  return grantQueue(grantee, queue, CONSUMING, KEY_USES.receive);
}

/** Grants actions on a queue. The CDK's own grants allow more uses of the key than these actions need. @throws ConfigurationError like {@link assertReachable} */
export function grantQueue(grantee: IGrantable, queue: IQueue, actions: string[], use: KeyUse): Grant {
  assertReachable(grantee, queue, queue.queueArn);
  return Grant.addToPrincipalOrResource({
    grantee,
    actions,
    resourceArns: [queue.queueArn],
    resource: queue,
  }).combine(grantKey(grantee, queue.encryptionMasterKey, use));
}
