import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { assertReachable } from './assert-reachable.ts';

/** Grants actions on the objects of a bucket under some prefixes. The CDK's own grants allow more actions. @throws ConfigurationError like {@link assertReachable} */
export function grantObjects(
  grantee: IGrantable,
  bucket: IBucket,
  actions: string[],
  prefixes: readonly string[],
): Grant {
  assertReachable(grantee, bucket, bucket.bucketArn);
  return Grant.addToPrincipalOrResource({
    grantee,
    actions,
    resourceArns: prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
    resource: bucket,
  });
}
