import { Stack } from 'aws-cdk-lib';
import { type AddToResourcePolicyResult, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';

/** Allows S3 to send notifications of uploads to a queue. */
export function allowNotifications(queue: IQueue): AddToResourcePolicyResult {
  return queue.addToResourcePolicy(notificationStatement(queue));
}

/**
 * What the policy of a queue must allow. The account instead of the bucket: a bucket whose notification is a property
 * depends on this policy, so the policy can't refer to the bucket.
 */
export function notificationStatement(queue: IQueue): PolicyStatement {
  return new PolicyStatement({
    sid: 'AllowS3Notifications',
    principals: [new ServicePrincipal('s3.amazonaws.com')],
    actions: ['sqs:SendMessage'],
    resources: [queue.queueArn],
    conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(queue).account } },
  });
}
