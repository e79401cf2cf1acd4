import { Stack, Token, Validations } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { cfnBucketOf } from './payload-bucket.ts';
import type { Prefixes } from './prefixes.ts';

/** Tells cdk-nag's AwsSolutions rules, where an app runs them, which of their findings are meant to be so. */
export function acknowledgeFindings(payloadBucket: Bucket, processorRole: IRole, prefixes: Prefixes): void {
  Validations.of(payloadBucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Access logs need a bucket of their own; who must know who read what turns on CloudTrail data events.',
  });
  const known = Object.values<string>({ ...prefixes }).filter((prefix) => !Token.isUnresolved(prefix));
  const bucketId = Stack.of(payloadBucket).getLogicalId(cfnBucketOf(payloadBucket));
  Validations.of(processorRole).acknowledge(
    ...known.map((prefix) => ({
      id: `AwsSolutions-IAM5[Resource::<${bucketId}.Arn>/${prefix}*]`,
      reason: `The keys under ${prefix} are chosen by senders or derived from request ids.`,
    })),
  );
}
